"""Turns of objects: what is kept, what is refused, what fails; groups in one record."""

from datetime import UTC, datetime

import pytest
from bench import NOW, Bench

import aidevos
from aidevos import (
    AlreadyExistsError,
    DurableObject,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    apply,
    command,
    query,
)
from aidevos.core import codec
from aidevos.core.errors import HandlerFailedError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import CHANCE_BITS, TURN_COUNT, EventRecord, Held


class Born(aidevos.Event):
    at: str


class Put(aidevos.Event):
    n: int


class Sent(aidevos.Event):
    to: str
    n: int


class Box(DurableObject):
    """Holds a number; boxes of one group can pass it on."""

    class State(aidevos.State):
        n: int = 0
        born: str = ""

    state: State
    indexed = ("n",)

    def initialize(self) -> None:
        self.emit(Born(at=self.now.isoformat()))

    @command
    def put(self, n: int) -> int:
        if n < 0:
            raise InvalidArgumentError("n must not be negative", field="n")
        self.emit(Put(n=n))
        return self.state.n

    @command
    def put_and_refuse(self, n: int) -> int:
        self.emit(Put(n=n))
        raise FailedPreconditionError("no, after all")

    @command
    def put_and_crash(self, n: int) -> int:
        self.emit(Put(n=n))
        return int(1 / 0)

    @command
    def send(self, to: str, n: int) -> int:
        other = self.group.find(Box, to) or self.group.create(Box, to)
        if self.state.n < n:
            raise FailedPreconditionError("not enough")
        self.emit(Sent(to=to, n=n))
        return other.put(n)

    @command
    def try_to_send_a_bad_number(self, to: str) -> str:
        other = self.group.create(Box, to)
        try:
            other.put_and_refuse(1)
        except FailedPreconditionError:
            return "went on"
        return "never here"

    @command
    def make(self, key: str) -> None:
        self.group.create(Box, key).put(1)

    @command
    def put_then_look(self, n: int, key: str) -> int:
        self.emit(Put(n=n))
        self.group.get(Box, key)
        return self.state.n

    @command
    def end(self) -> None:
        self.delete()

    @command
    def cheat(self) -> None:
        self.state.n = 99
        self.emit(Put(n=1))

    @command
    def names(self) -> list[str]:
        return [self.new_id(), self.new_id(), str(self.random.random()), self.now.isoformat()]

    @query
    def total(self) -> int:
        return sum(box.state.n for box in self.group.all(Box))

    @query
    def sneak(self) -> None:
        self.emit(Put(n=1))

    @query
    def other(self, key: str) -> int:
        return self.group.get(Box, key).state.n

    @apply
    def _born(self, event: Born) -> None:
        self.state.born = event.at

    @apply
    def _put(self, event: Put) -> None:
        self.state.n += event.n

    @apply
    def _sent(self, event: Sent) -> None:
        self.state.n -= event.n


A = ObjectId("default", "Box", "a")


@pytest.fixture
def bench() -> Bench:
    return Bench(Box)


def test_a_command_emits_folds_and_replies(bench: Bench) -> None:
    assert bench.call("Box/a", "put", n=3) == 3
    assert bench.call("Box/a", "put", n=4) == 7


def test_a_first_command_begins_the_life_and_later_ones_do_not(bench: Bench) -> None:
    first = bench.run("Box/a", "put", n=3)
    assert [event.type for event in first.changes[0].events] == ["Born", "Put"]
    bench.call("Box/a", "put", n=3)
    again = bench.run("Box/a", "put", n=1)
    assert [event.type for event in again.changes[0].events] == ["Put"]


def test_a_refusal_leaves_no_event(bench: Bench) -> None:
    for method, n in (("put", -1), ("put_and_refuse", 1)):
        result = bench.run("Box/a", method, n=n)
        assert result.outcome == "refused"
        assert result.changes == ()


def test_a_refusal_names_its_field(bench: Bench) -> None:
    error = bench.run("Box/a", "put", n=-1).error
    assert error is not None
    assert [violation.field for violation in error.violations] == ["n"]


def test_a_crash_fails_the_turn_and_its_traceback_stays_with_the_operator(bench: Bench) -> None:
    result = bench.run("Box/a", "put_and_crash", n=1)
    assert (result.outcome, result.changes) == ("failed", ())
    assert result.error is not None
    assert "Zero" not in result.error.message
    where, trace = bench.reports[0]
    assert where == "Box.put_and_crash"
    assert "ZeroDivisionError" in trace


@pytest.mark.parametrize(
    ("arguments", "field", "sentence"),
    [
        ({}, "n", "n is required"),
        ({"n": "x"}, "n", "n: expected int"),
        ({"n": 1.5}, "n", "n: expected int"),
        ({"n": 1, "m": 2}, "m", "m is not an argument; it takes n"),
    ],
)
def test_a_wrong_argument_is_told_by_name(
    bench: Bench, arguments: dict[str, object], field: str, sentence: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=sentence) as caught:
        bench.call("Box/a", "put", **arguments)
    assert caught.value.violations[0].field == field


def test_an_unknown_method_is_told_what_there_is(bench: Bench) -> None:
    with pytest.raises(NotFoundError, match=r"Box has no method jump; it has: put"):
        bench.call("Box/a", "jump")


def test_a_state_that_its_events_do_not_give_fails_the_turn(bench: Bench) -> None:
    with pytest.raises(HandlerFailedError, match="not what its events give"):
        bench.call("Box/a", "cheat")


def test_a_query_may_not_emit(bench: Bench) -> None:
    with pytest.raises(HandlerFailedError, match="only a command may emit"):
        bench.call("Box/a", "sneak")


def test_time_chance_and_ids_come_from_the_turn(bench: Bench) -> None:
    bench.call("Box/a", "put", n=1)
    first, again = bench.call("Box/a", "names"), bench.call("Box/a", "names")
    assert first == again
    assert bench.run("Box/a", "names", seed=8).reply != bench.run("Box/a", "names").reply
    assert first[3] == datetime.fromtimestamp(NOW / 1_000, UTC).isoformat()
    assert first[0] < first[1]
    assert first[0][14] == "7"


def test_a_turn_changes_objects_of_its_group_in_one_record(bench: Bench) -> None:
    bench.call("Box/{g}a", "put", n=5)
    result = bench.run("Box/{g}a", "send", to="{g}b", n=2)
    assert [str(changed.object) for changed in result.changes] == ["Box/{g}a", "Box/{g}b"]
    assert bench.call("Box/{g}b", "other", key="{g}a") == 3
    assert bench.call("Box/{g}a", "total") == 5


def test_a_refusal_in_the_middle_of_a_group_turn_leaves_nothing(bench: Bench) -> None:
    bench.call("Box/{g}a", "put", n=1)
    result = bench.run("Box/{g}a", "send", to="{g}b", n=2)
    assert (result.outcome, result.changes) == ("refused", ())


def test_a_refusal_after_events_refuses_the_turn_even_if_it_is_caught(bench: Bench) -> None:
    result = bench.run("Box/{g}a", "try_to_send_a_bad_number", to="{g}b")
    assert (result.outcome, result.changes) == ("refused", ())


def test_an_object_outside_of_the_group_is_out_of_reach(bench: Bench) -> None:
    with pytest.raises(FailedPreconditionError, match="not in the group"):
        bench.call("Box/{g}a", "other", key="{h}b")


def test_an_object_without_a_tag_is_alone(bench: Bench) -> None:
    with pytest.raises(FailedPreconditionError, match="not in the group"):
        bench.call("Box/a", "other", key="b")


def test_what_is_not_there_is_not_found_and_what_is_there_is_not_made_again(bench: Bench) -> None:
    with pytest.raises(NotFoundError, match=r"Box/\{g\}b is not there"):
        bench.call("Box/{g}a", "other", key="{g}b")
    bench.call("Box/{g}a", "make", key="{g}b")
    with pytest.raises(AlreadyExistsError, match="there already"):
        bench.call("Box/{g}a", "make", key="{g}b")


def test_a_deleted_object_is_gone_and_begins_anew_with_the_next_version(bench: Bench) -> None:
    bench.call("Box/a", "put", n=5)
    bench.call("Box/a", "end")
    gone = bench.state(A)
    assert (gone.version, gone.exists) == (3, False)
    assert bench.call("Box/a", "put", n=1) == 1
    assert bench.state(A).version == 5


def test_deleting_what_is_not_there_fails(bench: Bench) -> None:
    bench.call("Box/a", "put", n=1)
    bench.call("Box/a", "end")
    result = bench.run("Box/a", "end")
    assert result.outcome == "ok"  # A new life, begun and ended in one turn.
    assert [event.type for event in result.changes[0].events] == ["Born", "$deleted"]


def test_events_are_folded_after_the_state_that_is_held(bench: Bench) -> None:
    bench.held[A] = Held(
        version=3,
        state=b'{"n":10,"born":""}',
        state_version=1,
        events=(EventRecord("Put", 1, b'{"n":5}'),),
    )
    assert bench.call("Box/a", "other", key="a") == 15
    folded = Held(version=3, state=b'{"n":15,"born":""}', state_version=1)
    assert bench.state(A) == folded
    assert bench.runner.fold(A, bench.held[A]) == folded


def test_the_indexed_fields_go_back_with_the_change(bench: Bench) -> None:
    assert bench.run("Box/a", "put", n=3).changes[0].index == {"n": 3}


def test_ids_of_turns_within_one_millisecond_are_in_the_order_of_the_turns(bench: Bench) -> None:
    counts = (0, 1, 2, 4_095, 4_096, TURN_COUNT - 1)
    replies = [bench.run("Box/a", "names", seed=count << CHANCE_BITS | 9).reply for count in counts]
    ids = [name for reply in replies for name in codec.from_json(reply)[:2]]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
