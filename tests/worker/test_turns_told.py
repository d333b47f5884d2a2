"""Whatever is sent, answered in parts, refused or lost: each turn is told its own result, once."""

from __future__ import annotations

from aidevos_host.worker_turns import Turns
from aidevos_worker.frames import TurnsRan
from hypothesis import given, settings
from hypothesis import strategies as st
from test_turns_out import JUDGE, OneTurn

from aidevos.core.errors import FailedPreconditionError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import TurnBurst, TurnResult, TurnResults

NO = FailedPreconditionError("no").to_record()


class Told:
    """What every turn came to, by the number that is its payload."""

    def __init__(self) -> None:
        self.results: dict[int, str] = {}

    def take(self, payload: bytes, version: int, outcome: str) -> None:
        number = int(payload)
        assert number not in self.results, "told twice"
        assert outcome in {"failed", "lost"} or version == number, "told another's result"
        self.results[number] = outcome


class NamedTurn(OneTurn):
    """A turn that tells what it came to."""

    def __init__(self, told: Told, number: int) -> None:
        super().__init__(payload=b"%d" % number)
        self._told = told

    def ran(self, result: TurnResult) -> None:
        self._told.take(self.request.payload, result.version, result.outcome)


class NamedBurst(TurnBurst):
    """A burst that tells what each of its turns came to."""

    def __init__(self, told: Told, numbers: range) -> None:
        self.principal, self.now_ms, self.deadline_ms = "", 0, None
        self.objects, self.methods = [ObjectId("default", "Counter", "a")], ["add"]
        self.payloads = [b"%d" % number for number in numbers]
        self.object_index = self.method_index = self.seeds = [0] * len(numbers)
        self._told = told

    def ran(self, results: TurnResults) -> None:
        for payload, version in zip(self.payloads, results.versions, strict=True):
            self._told.take(payload, version, "ok")

    def apart(self) -> list[NamedTurn]:
        return [NamedTurn(self._told, int(payload)) for payload in self.payloads]


def answered(first: int, payloads: list[bytes], odd: set[int]) -> TurnsRan:
    """Return the message of a worker: each turn's version is its number, some are refused."""
    numbers = [int(payload) for payload in payloads]
    others = {
        place: TurnResult(outcome="refused", version=number, reply=b"no", error=NO)
        for place, number in enumerate(numbers)
        if number in odd
    }
    count = len(numbers)
    return TurnsRan(first, numbers, [b"1"] * count, [()] * count, [{}] * count, others)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=8),
    st.sets(st.integers(1, 40), max_size=8),
    st.lists(st.integers(1, 12), max_size=12),
    st.booleans(),
)
def test_every_turn_is_told_its_own_result_once(
    sizes: list[int], odd: set[int], parts: list[int], dies: bool
) -> None:
    told, turns, last = Told(), Turns(1_024, attempts_max=3), 0
    for size in sizes:  # 0: a single turn.
        if size:
            turns.add_burst(NamedBurst(told, range(last + 1, last + 1 + size)))
        else:
            turns.add(NamedTurn(told, last + 1))
        last += size or 1
    given_out: list[bytes] = []
    while frame := turns.next_frame(JUDGE, 1_024, 0):
        given_out += frame.payloads
    first = 1
    for part in parts if dies else [*parts, last]:
        now, given_out = given_out[:part], given_out[part:]
        if now:
            assert turns.ran(JUDGE, answered(first, now, odd)) == ""
            first += len(now)
    if dies:
        turns.worker_died(first, "ended")
    ran = first - 1
    wanted = {n: "refused" if n in odd else "ok" for n in range(1, ran + 1)}
    wanted |= {n: "failed" if n == first else "lost" for n in range(first, last + 1)}
    assert told.results == wanted
    assert turns.sent == 0
