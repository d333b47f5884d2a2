"""A burst can only be faster: what it leaves is what single calls would have left."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from burst_driver import BurstOwner, Calls, counter
from hypothesis import given, settings
from hypothesis import strategies as st

from aidevos.core import codec
from aidevos.core.call import Answer
from aidevos.core.index import ShardIndex
from aidevos.core.pending import Pending
from aidevos.core.record import BurstRecord, Record
from aidevos.core.turn import ChangeRecord, EventRecord, Scalar

NOW = 5_000


class One(NamedTuple):
    """One call and what its turn makes of it."""

    number: int
    key: str
    events: tuple[EventRecord, ...]
    reply: bytes
    index: dict[str, Scalar]
    seed: int


EVENTS = st.builds(
    EventRecord, st.sampled_from(["A", "B"]), st.integers(1, 3), st.binary(max_size=4)
)
TURNS = st.builds(
    One,
    st.integers(1, 1 << 40),
    st.sampled_from("abc"),
    st.lists(EVENTS, max_size=3).map(tuple),
    st.binary(max_size=4),
    st.dictionaries(st.sampled_from("xy"), st.integers(0, 9) | st.text(max_size=3), max_size=2),
    st.integers(0, 1 << 62),
)
CALLS = st.lists(TURNS, min_size=1, max_size=8, unique_by=lambda one: one.number)


def as_burst(owner: BurstOwner, calls: list[One]) -> None:
    burst: Calls = owner.made([one.number for one in calls], "".join(one.key for one in calls))
    burst.events = [one.events for one in calls]
    assert owner.machine.arrive_burst(burst, NOW)
    record = msgspec.structs.replace(
        burst.result(owner),
        replies=[one.reply for one in calls],
        index=[one.index if one.events else {} for one in calls],
        seeds=[one.seed for one in calls],
    )
    assert owner.finish(burst, record)
    owner.commit()


def as_singles(owner: BurstOwner, calls: list[One]) -> list[Record]:
    owner.flushes = False
    for one in calls:
        call = Pending(owner, one.number)
        call.session, call.scope = owner.live, owner.live.scope
        call.payload_hash = b"p%d" % one.number
        assert owner.machine.arrive_change(call, NOW)
        record = single_record(owner, call, one)
        answer = Answer(version=record.version, payload=one.reply)
        assert owner.machine.finish_change(call, record, answer)
    owner.flushes = True
    owner.look()
    return owner.commit()


def single_record(owner: BurstOwner, call: Pending, one: One) -> Record:
    object = counter(one.key)
    before = owner.machine.version(object)
    change = ChangeRecord(object, before + 1, one.events, False, one.index)
    return Record(
        principal="anonymous",
        object=object,
        method="add",
        call=call.record(),
        changes=(change,) if one.events else (),
        version=before + len(one.events),
        reply=one.reply,
        now_ms=call.now_ms,
        seed=one.seed,
    )


def known(index: ShardIndex) -> object:
    """Return what an index knows; which of the objects of one row is older means nothing."""
    objects = {
        object: msgspec.structs.replace(entry, order=0) for object, entry in index.objects.items()
    }
    calls = index.calls
    return objects, calls.sessions_body(), calls.count


@settings(max_examples=150, deadline=None)
@given(st.lists(CALLS, min_size=1, max_size=3), st.integers(0, 3))
def test_a_burst_leaves_the_records_answers_and_index_that_single_calls_would(
    frames: list[list[One]], mark: int
) -> None:
    burst, singles = BurstOwner(expires=NOW + 1), BurstOwner(expires=NOW + 1)
    last = 0
    for frame in frames:
        calls = [one._replace(number=one.number + last) for one in frame]
        last = max(one.number for one in calls)
        as_burst(burst, calls)
        wanted = as_singles(singles, calls)
        [stored] = codec.decode_records(burst.appends[-1].batch.body)
        assert isinstance(stored, BurstRecord)
        assert list(stored.single()) == wanted
        for owner in (burst, singles):
            owner.machine.set_mark(owner.live, last - mark)
    assert burst.left == singles.left
    assert known(burst.machine.index) == known(singles.machine.index)
    for owner in (burst, singles):  # What a burst has in memory counts until all of it goes.
        owner.machine.set_mark(owner.live, last)
        owner.numbered(owner.live, last + 1)
        owner.turn(last + 1, key="d")
        owner.commit()
        assert (owner.machine.index.calls.count, owner.machine.index.calls.bytes) == (1, 4)
