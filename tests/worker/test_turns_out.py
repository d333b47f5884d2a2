"""Which turns are with a worker, how many at once, and what becomes of them when it dies."""

from aidevos_host.worker_check import Judge
from aidevos_host.worker_turns import FRAME_TURNS_MAX, SENT_BYTES_MANY, Turns
from aidevos_worker.frames import TurnsRan

from aidevos.core.ids import ObjectId
from aidevos.core.turn import GroupReader, TurnRequest, TurnResult

JUDGE = Judge(())


class OneTurn:
    """A turn that keeps what it is told (core/turn.Turn)."""

    group: GroupReader

    def __init__(self, attempts: int = 0, payload: bytes = b"{}") -> None:
        self.request = TurnRequest(
            object=ObjectId("default", "Counter", "a"),
            method="add",
            payload=payload,
            principal="",
            now_ms=0,
            seed=0,
        )
        self.deadline_ms: int | None = None
        self.attempts = attempts
        self.told: list[TurnResult] = []

    def ran(self, result: TurnResult) -> None:
        self.told.append(result)


def send(turns: Turns) -> list[int]:
    """Send all that may be sent now; return how many turns each frame has."""
    sizes = []
    while frame := turns.next_frame(JUDGE, len(turns.waiting), 0):
        sizes.append(len(frame.keys))
    return sizes


def filled(*waiting: OneTurn, turns_max: int = 1_024) -> Turns:
    turns = Turns(turns_max, attempts_max=3)
    turns.waiting.extend(waiting)
    return turns


def well(first: int, count: int) -> TurnsRan:
    return TurnsRan(first, [0] * count, [b"1"] * count, [()] * count, [{}] * count)


def test_frames_and_turns_under_way_are_bounded() -> None:
    turns = filled(*(OneTurn() for _ in range(2_000)))
    assert send(turns) == [FRAME_TURNS_MAX] * 4
    assert turns.ran(JUDGE, well(1, 100)) == ""
    assert send(turns) == [100]


def test_large_payloads_go_in_frames_of_their_own_and_wait_for_those_before() -> None:
    large = b"x" * (SENT_BYTES_MANY // 4)
    turns = filled(*(OneTurn(payload=large) for _ in range(8)))
    assert send(turns) == [1] * 5
    assert turns.ran(JUDGE, well(1, 5)) == ""
    assert send(turns) == [1] * 3


def test_a_dead_worker_fails_the_turn_that_its_mark_names_and_loses_the_others() -> None:
    waiting = [OneTurn() for _ in range(5)]
    turns = filled(*waiting)
    send(turns)
    assert turns.ran(JUDGE, well(1, 2)) == ""
    assert turns.worker_died(4, "ended") == "Counter.add"
    assert [turn.told[0].outcome for turn in waiting] == ["ok", "ok", "lost", "failed", "lost"]
    assert [turn.attempts for turn in waiting] == [0, 0, 1, 0, 1]


def test_a_mark_of_a_turn_that_was_answered_blames_nobody() -> None:
    waiting = [OneTurn() for _ in range(3)]
    turns = filled(*waiting)
    send(turns)
    assert turns.ran(JUDGE, well(1, 2)) == ""
    assert turns.worker_died(2, "ended") == ""
    assert waiting[2].told[0].outcome == "lost"


def filled_warily() -> tuple[Turns, OneTurn]:
    """Return turns and one of them that workers died under twice."""
    suspect = OneTurn()
    turns = filled()
    for _ in range(2):  # Each time somebody else is to blame.
        turns.waiting += [suspect, OneTurn()]
        send(turns)
        assert turns.worker_died(2, "ended")
    turns.waiting += [suspect]
    return turns, suspect


def test_a_turn_that_workers_died_under_twice_goes_alone_and_then_is_to_blame() -> None:
    turns, suspect = filled_warily()
    fresh = OneTurn()
    turns.waiting += [OneTurn()]
    assert send(turns) == [1]
    turns.waiting.clear()
    turns.waiting += [fresh]
    assert send(turns) == []
    assert turns.worker_died(0, "ended") == "Counter.add"
    assert suspect.told[-1].error is not None
    assert suspect.told[-1].error.reason == "HANDLER_FAILED"
    assert fresh.told == []
    assert send(turns) == [1]


def test_a_suspect_behind_others_waits_until_they_have_ended() -> None:
    turns, suspect = filled_warily()
    turns.waiting[:] = [OneTurn(), OneTurn(), suspect, OneTurn()]
    assert send(turns) == [2]
    assert turns.ran(JUDGE, well(1, 2)) == ""
    assert send(turns) == [1]
    assert turns.ran(JUDGE, well(3, 1)) == ""
    assert send(turns) == [1]


def test_a_turn_that_too_many_workers_died_under_is_unavailable() -> None:
    waiting = [OneTurn(attempts=2), OneTurn()]
    turns = filled(*waiting)
    send(turns)
    turns.worker_died(0, "ended")
    error = waiting[0].told[0].error
    assert error is not None
    assert error.reason == "UNAVAILABLE"
    assert waiting[1].told[0].outcome == "lost"
