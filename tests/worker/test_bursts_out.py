"""Bursts that are with a worker: told whole, cut, taken apart, among single turns, and lost."""

from __future__ import annotations

import pytest
from aidevos_host.worker_sent import ODD_MAX
from aidevos_host.worker_turns import Turns
from aidevos_worker.frames import TurnsRan
from test_turns_out import JUDGE, OneTurn, send, well

from aidevos.core.errors import FailedPreconditionError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import TurnBurst, TurnResult, TurnResults


class OneBurst(TurnBurst):
    """A burst that keeps what it is told, and every part that it was cut into."""

    COLUMNS = (*TurnBurst.COLUMNS, "turns")

    def __init__(self, count: int, deadline_ms: int | None = None) -> None:
        self.principal, self.now_ms, self.deadline_ms = "", 0, deadline_ms
        self.objects, self.methods = [ObjectId("default", "Counter", "a")], ["add"]
        self.object_index = self.method_index = [0] * count
        self.payloads, self.seeds = [b"{}"] * count, [0] * count
        self.turns = [OneTurn() for _ in range(count)]
        self.told: list[list[int]] = []
        """Versions, each time that it was told in columns; shared by its parts."""
        self.parted = 0

    def ran(self, results: TurnResults) -> None:
        assert {len(column) for column in results} == {len(self)}
        self.told.append(results.versions)

    def apart(self) -> list[OneTurn]:
        self.parted += 1
        return self.turns


def filled(*waiting: OneTurn | OneBurst) -> Turns:
    turns = Turns(1_024, attempts_max=3)
    for one in waiting:
        if isinstance(one, OneBurst):
            turns.add_burst(one)
        else:
            turns.add(one)
    return turns


def ran(turns: Turns, first: int, versions: list[int], **others: TurnResult) -> str:
    """Tell results, of which each shows its version; `others` by place, as `p3`."""
    count = len(versions)
    columns = ([b"%d" % version for version in versions], [()] * count, [{}] * count)
    odd = {int(name[1:]): result for name, result in others.items()}
    return turns.ran(JUDGE, TurnsRan(first, versions, *columns, odd))


def replies(*turns: OneTurn) -> list[list[bytes]]:
    return [[result.reply for result in turn.told] for turn in turns]


NO = FailedPreconditionError("no").to_record()
REFUSED = TurnResult(outcome="refused", version=9, reply=b"no", error=NO)


def test_a_burst_is_a_frame_of_its_own_and_is_told_in_columns() -> None:
    before, burst, after = OneTurn(), OneBurst(3), OneTurn()
    turns = filled(before, burst, after)
    assert send(turns) == [1, 3, 1]
    assert ran(turns, 1, [1]) == ran(turns, 2, [2, 3, 4]) == ran(turns, 5, [5]) == ""
    assert burst.told == [[2, 3, 4]]
    assert replies(before, after) == [[b"1"], [b"5"]]
    assert turns.sent == 0


def test_single_turns_behind_a_burst_in_one_message_are_told_their_own_results() -> None:
    burst, one, two = OneBurst(3), OneTurn(), OneTurn()
    turns = filled(burst, one, two)
    send(turns)
    assert ran(turns, 1, [1, 2, 3, 4, 5]) == ""
    assert burst.told == [[1, 2, 3]]
    assert replies(one, two) == [[b"4"], [b"5"]]
    assert (turns.sent, turns._sent.bytes) == (0, 0)


def test_single_turns_between_two_bursts_in_one_message_are_told_their_own_results() -> None:
    first, one, second, last = OneBurst(2), OneTurn(), OneBurst(2), OneTurn()
    turns = filled(first, one, second, last)
    send(turns)
    assert ran(turns, 1, [1, 2, 3, 4, 5, 6]) == ""
    assert (first.told, second.told) == ([[1, 2]], [[4, 5]])
    assert replies(one, last) == [[b"3"], [b"6"]]


def test_a_burst_that_is_answered_in_parts_is_cut() -> None:
    burst = OneBurst(5)
    turns = filled(burst)
    send(turns)
    for first, versions in ((1, [1, 2]), (3, [3]), (4, [4, 5])):
        assert ran(turns, first, versions) == ""
    assert burst.told == [[1, 2], [3], [4, 5]]
    assert turns.sent == turns._sent._bursts == 0


@pytest.mark.parametrize("place", [0, 1, 4])
def test_a_refused_turn_is_cut_out_of_its_burst(place: int) -> None:
    burst = OneBurst(5)
    whole = list(burst.turns)
    turns = filled(burst, OneTurn())
    send(turns)
    assert ran(turns, 1, [1, 2, 3, 4, 5, 6], **{f"p{place}": REFUSED}) == ""
    usual = [version for version in range(1, 6) if version != place + 1]
    assert [version for part in burst.told for version in part] == usual
    assert [turn.told for turn in whole] == [[REFUSED] if n == place else [] for n in range(5)]
    assert turns.sent == turns._sent._bursts == 0


def test_a_burst_with_many_refused_turns_falls_apart() -> None:
    burst = OneBurst(ODD_MAX + 2)
    turns = filled(burst, OneTurn())
    send(turns)
    odd = {f"p{place}": REFUSED for place in range(ODD_MAX + 1)}
    assert ran(turns, 1, list(range(1, len(burst) + 2)), **odd) == ""
    assert burst.told == []
    told = [[b"no"]] * (ODD_MAX + 1) + [[b"%d" % len(burst)]]
    assert replies(*burst.turns) == told
    assert turns.sent == turns._sent._bursts == 0


def test_a_dead_worker_fails_one_turn_of_a_burst_and_loses_the_others() -> None:
    burst, behind = OneBurst(3), OneTurn()
    turns = filled(burst, behind)
    send(turns)
    assert turns.worker_died(2, "ended") == "Counter.add"
    outcomes = [turn.told[0].outcome for turn in (*burst.turns, behind)]
    assert outcomes == ["lost", "failed", "lost", "lost"]
    assert burst.told == []
    assert turns.ran(JUDGE, well(1, 1)), "its last words are not believed"


def test_a_late_burst_falls_apart_before_it_is_sent() -> None:
    burst = OneBurst(2, deadline_ms=0)
    turns = filled(burst)
    assert send(turns) == [1, 1]
    assert ran(turns, 1, [1, 2]) == ""
    assert (burst.told, burst.parted) == ([], 1)
    assert replies(*burst.turns) == [[b"1"], [b"2"]]
