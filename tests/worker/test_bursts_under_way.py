"""Bursts that wait for a worker or are with it: who is told what, whatever the worker says."""

import pytest
from aidevos_host.worker_sent import ODD_MAX
from aidevos_host.worker_turns import FRAME_BYTES_MANY, FRAME_TURNS_MAX, SENT_BYTES_MANY
from aidevos_worker.frames import TurnsRan
from burst_turns import JUDGE, OneTurn, SomeTurns, add, replies, send, waiting, well

from aidevos.core.errors import ErrorRecord, UnavailableError
from aidevos.core.turn import TurnResult

REFUSED = TurnResult(outcome="refused", error=ErrorRecord("FAILED_PRECONDITION", "no"))
LOST = TurnResult(outcome="lost")


def numbered(first: int, count: int) -> list[bytes]:
    return [b"%d" % number for number in range(first, first + count)]


@pytest.mark.parametrize("parts", [[9], [1] * 9, [2, 7], [4, 5], [5, 4], [8, 1], [3, 3, 3]])
def test_each_turn_is_told_its_own_result_however_they_come(parts: list[int]) -> None:
    items = [OneTurn("x"), SomeTurns("a", 3), SomeTurns("b", 2), OneTurn("y"), OneTurn("z")]
    items.append(OneTurn("end"))
    turns = waiting(*items)
    assert send(turns) == [1, 3, 2, 3]
    first = 1
    for count in parts:
        assert turns.ran(JUDGE, well(first, count)) == ""
        first += count
    assert replies(*items) == numbered(1, 9)
    assert turns.sent == 0
    assert turns.added == turns.taken == 9


def test_single_turns_behind_a_burst_are_not_told_its_results() -> None:
    burst, singles = SomeTurns("a", 3), [OneTurn("x"), OneTurn("y")]
    turns = waiting(burst, *singles)
    send(turns)
    assert turns.ran(JUDGE, well(1, 4)) == ""
    assert replies(burst, singles[0]) == numbered(1, 4)
    assert turns.sent == 1


def test_a_burst_that_is_answered_in_parts_stays_in_columns() -> None:
    burst = SomeTurns("a", 100)
    turns = waiting(burst)
    send(turns)
    for first in range(1, 100, 9):
        assert turns.ran(JUDGE, well(first, 9 if first < 100 else 1)) == ""
    turns.ran(JUDGE, well(100, 1))
    assert replies(burst) == numbered(1, 100)
    assert len(burst.whole) == 100
    assert not burst.broken


@pytest.mark.parametrize("places", [[0], [1], [8], [0, 8], [3, 4], [0, 3, 5, 8], [0, 2, 4, 6, 8]])
def test_turns_that_were_refused_in_a_burst_harm_no_neighbour(places: list[int]) -> None:
    burst, behind = SomeTurns("a", 9), SomeTurns("b", 3)
    turns = waiting(burst, behind)
    send(turns)
    refused = {f"_{place}": REFUSED for place in places}
    assert turns.ran(JUDGE, well(1, 12, **refused)) == ""
    want = [b"refused" if place in places else b"%d" % (place + 1) for place in range(9)]
    assert replies(burst) == want
    assert replies(behind) == numbered(10, 3)
    assert len(burst.whole) == (9 - len(places) if len(places) <= ODD_MAX else 0)
    assert turns.sent == 0


def test_a_result_that_cannot_be_fails_its_turn_and_those_behind_are_lost() -> None:
    burst, behind = SomeTurns("a", 5), OneTurn("x")
    turns = waiting(burst, behind)
    send(turns)
    message = well(1, 6)
    message.replies[2] = b"{"
    assert "not JSON" in turns.ran(JUDGE, message)
    assert turns.worker_died(0, "was doubted") == ""
    assert replies(burst, behind) == [b"1", b"2", b"failed", b"lost", b"lost", b"lost"]


def test_what_a_worker_tells_beside_its_results_is_not_gone_through() -> None:
    bursts = [SomeTurns(f"{n}.", 2) for n in range(400)]
    turns = waiting(*bursts)
    assert len(send(turns)) == 400

    class Counted(dict[int, TurnResult]):
        looks = 0

        def __contains__(self, key: object) -> bool:
            Counted.looks += 1
            return super().__contains__(key)

        def __iter__(self):  # type: ignore[no-untyped-def]
            raise AssertionError("there may be millions")

    message = well(1, 800)
    message.others = Counted({place: LOST for place in range(10_000, 20_000)})
    assert turns.ran(JUDGE, message) == ""
    assert replies(*bursts) == numbered(1, 800)
    assert Counted.looks == 800


def test_a_dead_worker_fails_the_turn_of_a_burst_that_its_mark_names() -> None:
    items = [SomeTurns("a", 3), OneTurn("x"), SomeTurns("b", 3)]
    turns = waiting(*items)
    send(turns)
    assert turns.ran(JUDGE, well(1, 2)) == ""
    assert turns.worker_died(6, "ended") == "Counter.add"
    assert replies(*items) == [b"1", b"2", b"lost", b"lost", b"lost", b"failed", b"lost"]
    assert turns.sent == 0
    add(turns, again := SomeTurns("c", 2))
    assert send(turns) == [2]
    assert turns.ran(JUDGE, well(1, 2)) == ""
    assert replies(again) == numbered(1, 2)


def test_bursts_wait_for_room_and_are_never_larger_than_it() -> None:
    turns = waiting(*(SomeTurns("a", 200) for _ in range(6)))
    assert send(turns) == [200] * 5
    turns.ran(JUDGE, well(1, 100))
    assert send(turns) == []
    turns.ran(JUDGE, well(101, 100))
    assert send(turns) == [200]
    small = waiting(SomeTurns("b", 10), turns_max=4)
    assert send(small) == [4]
    assert small.ran(JUDGE, well(1, 4)) == ""
    assert send(small) == [4]
    large = waiting(SomeTurns("c", FRAME_TURNS_MAX + 1))
    assert send(large) == [FRAME_TURNS_MAX, 1]


def test_large_bursts_wait_for_those_before_and_never_for_ever() -> None:
    bursts = [SomeTurns("a", 8, b"x" * (FRAME_BYTES_MANY // 8)) for _ in range(12)]
    turns = waiting(*bursts, OneTurn("x"))
    sent = send(turns)
    assert sum(sent) * FRAME_BYTES_MANY // 8 <= SENT_BYTES_MANY + FRAME_BYTES_MANY
    first = 1
    while turns.sent:
        count = min(5, turns.sent)
        assert turns.ran(JUDGE, well(first, count)) == ""
        first += count
        send(turns)
    assert not turns.waiting
    assert replies(*bursts) == numbered(1, 96)


def test_payloads_that_were_answered_make_room_while_others_are_under_way() -> None:
    """What is with the worker is never nothing: what it is thought to have must not grow."""
    burst, singles = SomeTurns("a", 200), [OneTurn(f"x{n}") for n in range(200)]
    turns = waiting(burst, *singles)
    first = 1
    for _ in range(50):
        send(turns)
        turns.ran(JUDGE, well(first, 300))
        first += 300
        assert turns._sent.bytes == 2 * turns.sent
        add(turns, SomeTurns("a", 200), *(OneTurn(f"x{n}") for n in range(100)))


def test_deadlines_are_judged_call_by_call() -> None:
    burst = SomeTurns("a", 4, deadlines=[None, 5, 50, 7])
    turns = waiting(burst, OneTurn("x"))
    assert send(turns, now_ms=6) == [4]
    assert burst.turns[1].told[0].outcome == "late"
    assert turns.ran(JUDGE, well(1, 4)) == ""
    assert replies(burst) == [b"1", b"late", b"2", b"3"]
    assert turns.added == turns.taken == 5


def test_a_burst_in_time_is_not_taken_apart() -> None:
    burst = SomeTurns("a", 2, deadlines=[5, 9])
    turns = waiting(burst)
    assert send(turns, now_ms=4) == [2]
    assert not burst.broken


def test_the_turn_that_asks_is_the_first_of_a_burst() -> None:
    burst = SomeTurns("a", 3)
    turns = waiting(burst)
    send(turns)
    turns.ran(JUDGE, well(1, 1))
    assert turns.asking is burst.turns[1]
    assert turns.ran(JUDGE, well(2, 2)) == ""
    assert replies(burst) == numbered(1, 3)


def test_bursts_go_apart_beside_a_suspect_and_whole_again_when_it_has_ended() -> None:
    suspect = OneTurn("s")
    turns = waiting(suspect)
    for _ in range(2):
        send(turns)
        turns.worker_died(0, "ended")
        add(turns, suspect)
    wary, fresh = SomeTurns("a", 3), SomeTurns("b", 3)
    add(turns, wary)
    assert send(turns) == [1]
    assert turns.ran(JUDGE, well(1, 1)) == ""
    assert send(turns) == [3]
    add(turns, fresh)
    send(turns)
    assert turns.ran(JUDGE, well(2, 6)) == ""
    assert replies(wary, fresh) == numbered(2, 6)
    assert not fresh.broken


def test_all_that_waits_is_told_when_no_worker_can_be_started() -> None:
    burst, single = SomeTurns("a", 3), OneTurn("x")
    turns = waiting(burst, single)
    turns.fail_waiting(UnavailableError("no worker"))
    assert replies(burst, single) == [b"failed"] * 4
    assert turns.added == turns.taken == 4


@pytest.mark.parametrize("message", [well(2, 1), well(1, 4), TurnsRan(1, [1], [], [()], [{}])])
def test_results_of_turns_that_it_was_not_given_are_told_to_nobody(message: TurnsRan) -> None:
    burst = SomeTurns("a", 3)
    turns = waiting(burst)
    send(turns)
    assert turns.ran(JUDGE, message) == "answered turns that it was not given"
    assert [turn.told for turn in burst.turns] == [[], [], []]
