"""Turns that wait for a worker or are with it, in order; whom to blame when it dies.

No object is made for a turn, no task, no future: waiting ones stand in a list, those sent in a
queue, and as a worker answers in order, the next result is that of the first in it.
"""

from collections import deque
from collections.abc import Iterator, Sequence

from aidevos_worker.frames import RunTurns, TurnsRan

from aidevos.core.errors import AidevosError, HandlerFailedError, UnavailableError
from aidevos.core.turn import ChangeRecord, Turn, TurnResult
from aidevos_host.worker_check import Judge, Kind, complaint
from aidevos_host.worker_frames import run_turns

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
    """Turns of one executor. Numbers are 1-based in each worker process."""

    def __init__(self, turns_max: int, attempts_max: int) -> None:
        """Begin empty."""
        self.waiting: list[Turn] = []
        self.taken = 0
        """Turns that ever left `waiting`; what must come after a turn counts with it."""
        self._sent: deque[tuple[Turn, Kind]] = deque()
        self._sent_bytes = 0
        self._next = 1
        self._wary = False
        self._turns_max = turns_max
        self._attempts_max = attempts_max

    @property
    def sent(self) -> int:
        """How many are with the worker."""
        return len(self._sent)

    @property
    def asking(self) -> Turn | None:
        """The turn that the worker is in, if it asks now."""
        return self._sent[0][0] if self._sent else None

    def next_frame(self, judge: Judge, limit: int, now_ms: int) -> RunTurns | None:
        """Take at most `limit` waiting turns that may be sent now; those that are late are told."""
        while (count := self._allowed(limit)) > 0:
            turns = self.waiting[:count]
            del self.waiting[:count]
            self.taken += count
            limit -= count
            if in_time := _in_time(turns, now_ms):
                return self._send(judge, in_time)
        return None

    def _allowed(self, limit: int) -> int:
        count = min(len(self.waiting), limit, FRAME_TURNS_MAX, self._turns_max - len(self._sent))
        if count <= 0 or self._sent_bytes > SENT_BYTES_MANY:
            return 0
        while sum(len(t.request.payload) for t in self.waiting[:count]) > FRAME_BYTES_MANY:
            if count == 1:
                break
            count //= 2
        return self._allowed_warily(count) if self._wary else count

    def _allowed_warily(self, count: int) -> int:
        """Let no turn be sent beside one that workers died under again and again."""
        if self._sent and self._sent[0][0].attempts >= ALONE:
            return 0
        for before, turn in enumerate(self.waiting[:count]):
            if turn.attempts >= ALONE:
                return before or (0 if self._sent else 1)
        return count

    def _send(self, judge: Judge, turns: Sequence[Turn]) -> RunTurns:
        message, which = run_turns(self._next, turns)
        self._next += len(turns)
        kinds = [judge.kind(type_name, method) for _, type_name, method in message.called]
        self._sent.extend(zip(turns, [kinds[index] for index in which], strict=True))
        self._sent_bytes += sum(map(len, message.payloads))
        return message

    # ---- results ---------------------------------------------------------------------------

    def ran(self, judge: Judge, message: TurnsRan) -> str:
        """Tell the next turns what they came to; return why the worker is to be ended, if so."""
        count, sent = len(message.versions), len(self._sent)
        columns = (message.replies, message.events, message.index)
        if (
            count > sent
            or message.first != self._next - sent
            or any(len(c) != count for c in columns)
        ):
            return "answered turns that it was not given"
        wrong = self._told_all(judge, message) if message.others else self._told(message)
        self._sent_bytes = self._sent_bytes * len(self._sent) // sent
        return wrong

    def _told(self, message: TurnsRan) -> str:
        """Tell results that are all of the usual kind. The hottest loop of the host's side."""
        results = zip(
            *(message.versions, message.replies, message.events, message.index),
            self._first(),
            strict=False,  # The first column ends it, before it takes one turn too many.
        )
        for version, reply, events, index, (turn, kind) in results:
            if wrong := complaint(kind, version, reply, events, index):
                return _disbelieved(turn, wrong)
            if events:
                first = version - len(events) + 1
                change = ChangeRecord(turn.request.object, first, events, False, index)
                turn.ran(TurnResult(outcome="ok", version=version, reply=reply, changes=(change,)))
            else:
                turn.ran(TurnResult(outcome="ok", version=version, reply=reply))
        return ""

    def _told_all(self, judge: Judge, message: TurnsRan) -> str:
        """Tell results of all kinds."""
        usual = zip(message.versions, message.replies, message.events, message.index, strict=True)
        for place, (version, reply, events, index) in enumerate(usual):
            turn, kind = self._sent.popleft()
            object = turn.request.object
            result = message.others.get(place)
            if result is None:
                change = ChangeRecord(object, version - len(events) + 1, events, False, index)
                changes = (change,) if events else ()
                result = TurnResult(outcome="ok", version=version, reply=reply, changes=changes)
            if wrong := judge.complaint(turn.request, kind, result):
                return _disbelieved(turn, wrong)
            turn.ran(result)
        return ""

    def _first(self) -> Iterator[tuple[Turn, Kind]]:
        """Take those sent from the first on, each when it is asked for."""
        return iter(self._sent.popleft, None)

    # ---- losses ----------------------------------------------------------------------------

    def worker_died(self, begun: int, why: str) -> str:
        """Fail the turn that was begun, the others are lost; return the name of the one."""
        first = self._next - len(self._sent)
        sent = [turn for turn, _ in self._sent]
        self._sent.clear()
        self._sent_bytes, self._next = 0, 1
        guilty = sent.pop(begun - first) if 0 <= begun - first < len(sent) else None
        if guilty is None and len(sent) == 1 and sent[0].attempts >= ALONE:
            guilty = sent.pop()
        for turn in sent:
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
        waiting, self.waiting = self.waiting, []
        self.taken += len(waiting)
        for turn in waiting:
            turn.ran(failed(error))


def name_of(turn: Turn) -> str:
    """Return type and method, for sentences."""
    return f"{turn.request.object.type}.{turn.request.method}"


def failed(error: AidevosError) -> TurnResult:
    """Return the result of a turn of which nothing is kept."""
    return TurnResult(outcome="failed", error=error.to_record())


def _in_time(turns: list[Turn], now_ms: int) -> list[Turn]:
    """Return the turns that may still begin; the others are told that they are late."""
    late = [turn for turn in turns if turn.deadline_ms is not None and turn.deadline_ms <= now_ms]
    if not late:
        return turns
    for turn in late:
        turn.ran(_LATE)
    return [turn for turn in turns if turn.deadline_ms is None or turn.deadline_ms > now_ms]


def _disbelieved(turn: Turn, wrong: str) -> str:
    name = name_of(turn)
    turn.ran(failed(HandlerFailedError(f"{name} failed: {wrong}; nothing was changed")))
    return f"gave a result of {name} that cannot be: {wrong}"
