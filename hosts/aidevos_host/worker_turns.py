"""Turns that wait for a worker, and when they may be sent; whom to blame when it dies.

No object is made for a turn, no task, no future: waiting ones stand in a list, those sent in a
queue (aidevos_host/worker_sent).
"""

from __future__ import annotations

from typing import cast

from aidevos_worker.frames import RunTurns, TurnsRan

from aidevos.core.errors import AidevosError, HandlerFailedError, UnavailableError
from aidevos.core.turn import Turn, TurnBurst, TurnResult
from aidevos_host.worker_check import Judge
from aidevos_host.worker_sent import Sent, failed, name_of, singles

FRAME_TURNS_MAX = 256
FRAME_BYTES_MANY = 1 << 20
"""Payloads of a frame; one turn may have more."""

SENT_BYTES_MANY = 8 << 20
"""Payloads that are with the worker; when there are more, the next frame waits."""

ALONE = 2
"""A turn that so many workers died under goes alone: no doubt remains if it happens again."""

_LATE = TurnResult(outcome="late")
_LOST = TurnResult(outcome="lost")


class Turns:
    """Turns of one executor, single ones and bursts."""

    def __init__(self, turns_max: int, attempts_max: int) -> None:
        """Begin empty."""
        self.waiting: list[Turn | TurnBurst] = []
        self.added = 0
        """Turns that were ever put into `waiting`; what must come after a turn counts with it."""
        self.taken = 0
        """Turns that ever left it."""
        self._sent = Sent()
        self._wary = False
        """Whether some of them are to go alone."""
        self._turns_max = turns_max
        self._attempts_max = attempts_max

    def add(self, turn: Turn) -> None:
        """Let a turn wait for the worker."""
        self.waiting.append(turn)
        self.added += 1
        if turn.attempts >= ALONE:
            self._wary = True

    def add_burst(self, burst: TurnBurst) -> None:
        """Let a burst wait for the worker."""
        self.waiting.append(burst)
        self.added += len(burst)

    @property
    def sent(self) -> int:
        """How many are with the worker."""
        return self._sent.count

    @property
    def asking(self) -> Turn | None:
        """The turn that the worker is in, if it asks now."""
        return self._sent.first

    def ran(self, judge: Judge, message: TurnsRan) -> str:
        """Tell the next turns what they came to; return why the worker is not to be believed."""
        return self._sent.ran(judge, message)

    # ---- to the worker ---------------------------------------------------------------------

    def next_frame(self, judge: Judge, limit: int, now_ms: int) -> RunTurns | None:
        """Take at most `limit` waiting turns that may be sent now; those that are late are told."""
        if self._wary:
            self._wary = self._has_suspects()
        while self.waiting and limit > 0:
            first = self.waiting[0]
            if isinstance(first, TurnBurst):
                if self._must_split(first, now_ms):
                    self.waiting[:1] = first.apart()
                    continue
                return self._next_burst(judge, first)
            if (count := self._allowed(limit)) <= 0:
                return None
            turns = cast(list[Turn], self.waiting[:count])
            del self.waiting[:count]
            self.taken += count
            limit -= count
            if in_time := _in_time(turns, now_ms):
                return self._sent.add(judge, in_time)
        return None

    def _must_split(self, burst: TurnBurst, now_ms: int) -> bool:
        """Whether its turns must be looked at one by one."""
        return (
            self._wary
            or len(burst) > min(FRAME_TURNS_MAX, self._turns_max)
            or (burst.deadline_ms is not None and burst.deadline_ms <= now_ms)
            or sum(map(len, burst.payloads)) > FRAME_BYTES_MANY
        )

    def _next_burst(self, judge: Judge, burst: TurnBurst) -> RunTurns | None:
        """Send a burst as a frame of its own, if there is room."""
        sent = self._sent
        if sent.count + len(burst) > self._turns_max or sent.bytes > SENT_BYTES_MANY:
            return None
        del self.waiting[0]
        self.taken += len(burst)
        return sent.add_burst(judge, burst)

    def _allowed(self, limit: int) -> int:
        """Return how many of the single turns that are first may go in one frame."""
        if self._sent.bytes > SENT_BYTES_MANY:
            return 0
        count = self._singles(min(limit, FRAME_TURNS_MAX, self._turns_max - self._sent.count))
        turns = cast(list[Turn], self.waiting)
        while sum(len(t.request.payload) for t in turns[:count]) > FRAME_BYTES_MANY:
            if count == 1:
                break
            count //= 2
        return self._allowed_warily(turns, count) if self._wary else count

    def _singles(self, most: int) -> int:
        """Return how many of the first `most` that wait come before a burst."""
        for place, item in enumerate(self.waiting[: max(0, most)]):
            if isinstance(item, TurnBurst):
                return place
        return min(most, len(self.waiting))

    def _allowed_warily(self, turns: list[Turn], count: int) -> int:
        """Let no turn be sent beside one that workers died under again and again."""
        if self._sent.first_attempts >= ALONE:
            return 0
        for before, turn in enumerate(turns[:count]):
            if turn.attempts >= ALONE:
                return before or (0 if self._sent.count else 1)
        return count

    def _has_suspects(self) -> bool:
        """Whether any must go alone; bursts are of turns that were never sent."""
        return self._sent.first_attempts >= ALONE or any(
            not isinstance(item, TurnBurst) and item.attempts >= ALONE for item in self.waiting
        )

    # ---- losses ----------------------------------------------------------------------------

    def worker_died(self, begun: int, why: str) -> str:
        """Fail the turn that was begun, the others are lost; return the name of the one."""
        first, lost = self._sent.lose()
        guilty = lost.pop(begun - first) if 0 <= begun - first < len(lost) else None
        if guilty is None and len(lost) == 1 and lost[0].attempts >= ALONE:
            guilty = lost.pop()
        for turn in lost:
            self._lost(turn, why)
        if guilty is None:
            return ""
        name = name_of(guilty)
        guilty.ran(failed(HandlerFailedError(f"{name} {why}; nothing was changed")))
        return name

    def _lost(self, turn: Turn, why: str) -> None:
        turn.attempts += 1
        self._wary = self._wary or turn.attempts >= ALONE
        if turn.attempts >= self._attempts_max:
            error = UnavailableError(f"{name_of(turn)}: its worker process {why} before it ran")
            turn.ran(failed(error))
        else:
            turn.ran(_LOST)

    def fail_waiting(self, error: AidevosError) -> None:
        """Fail everything that waits."""
        waiting, self.waiting = singles(self.waiting), []
        self.taken += len(waiting)
        for turn in waiting:
            turn.ran(failed(error))


def _in_time(turns: list[Turn], now_ms: int) -> list[Turn]:
    """Return the turns that may still begin; the others are told that they are late."""
    late = [turn for turn in turns if turn.deadline_ms is not None and turn.deadline_ms <= now_ms]
    if not late:
        return turns
    for turn in late:
        turn.ran(_LATE)
    return [turn for turn in turns if turn.deadline_ms is None or turn.deadline_ms > now_ms]
