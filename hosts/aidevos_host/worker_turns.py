"""Turns that wait for a worker or are with it, in order; whom to blame when it dies.

No object is made for a turn, no task, no future: waiting ones stand in a list, those sent in a
queue, and as a worker answers in order, the next result is that of the first in it. A burst stands
for its turns until one of them needs to be looked at.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, cast

from aidevos_worker.frames import RunTurns, TurnsRan

from aidevos.core.errors import AidevosError, HandlerFailedError, UnavailableError
from aidevos.core.turn import ChangeRecord, EventRecord, Scalar, Turn, TurnBurst, TurnResult
from aidevos_host.worker_check import Judge, Kind, complaint
from aidevos_host.worker_frames import run_burst, run_turns

FRAME_TURNS_MAX = 256
FRAME_BYTES_MANY = 1 << 20
"""Payloads of a frame; one turn may have more."""

SENT_BYTES_MANY = 8 << 20
"""Payloads that are with the worker; when there are more, the next frame waits."""

ODD_MAX = 4
"""Around so many results of another kind a burst is cut; with more it is taken apart."""

ALONE = 2
"""A turn that so many workers died under goes alone: no doubt remains if it happens again."""

_LATE = TurnResult(outcome="late")
_LOST = TurnResult(outcome="lost")


class Turns:
    """Turns of one executor, single ones and bursts. Numbers are 1-based in each worker process."""

    def __init__(self, turns_max: int, attempts_max: int) -> None:
        """Begin empty."""
        self.waiting: list[Turn | TurnBurst] = []
        self.added = 0
        """Turns that were ever put into `waiting`; what must come after a turn counts with it."""
        self.taken = 0
        """Turns that ever left it."""
        self.sent = 0
        """How many are with the worker."""
        self._sent: deque[tuple[Turn, Kind] | tuple[TurnBurst, list[Kind]]] = deque()
        self._sent_bytes = 0
        self._bursts = 0
        """Bursts among those sent."""
        self._next = 1
        self._wary = False
        self._turns_max = turns_max
        self._attempts_max = attempts_max

    def add(self, turn: Turn) -> None:
        """Let a turn wait for the worker."""
        self.waiting.append(turn)
        self.added += 1

    def add_burst(self, burst: TurnBurst) -> None:
        """Let a burst wait for the worker."""
        self.waiting.append(burst)
        self.added += len(burst)

    @property
    def asking(self) -> Turn | None:
        """The turn that the worker is in, if it asks now."""
        if not self._sent:
            return None
        self._split_first()
        return cast(Turn, self._sent[0][0])

    def next_frame(self, judge: Judge, limit: int, now_ms: int) -> RunTurns | None:
        """Take at most `limit` waiting turns that may be sent now; those that are late are told."""
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
                return self._send(judge, in_time)
        return None

    # ---- bursts ----------------------------------------------------------------------------

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
        if self.sent + len(burst) > self._turns_max or self._sent_bytes > SENT_BYTES_MANY:
            return None
        del self.waiting[0]
        self.taken += len(burst)
        message, which = run_burst(self._next, burst)
        kinds = [judge.kind(type_name, method) for _, type_name, method in message.called]
        self._note(message, burst, [kinds[index] for index in which])
        self._bursts += 1
        return message

    def _split_first(self) -> None:
        """If what is with the worker begins with a burst, go on with its turns one by one."""
        item, kinds = self._sent[0]
        if isinstance(item, TurnBurst):
            self._sent.popleft()
            self._bursts -= 1
            singles = zip(item.apart(), cast(list[Kind], kinds), strict=True)
            self._sent.extendleft(reversed(list(singles)))

    def _cut_first(self, burst: TurnBurst, kinds: list[Kind], count: int) -> None:
        """Go on with the first turns of the burst that is first, and its rest, as two."""
        self._sent[0] = (burst, kinds[:count])
        rest = burst.cut(count)
        self._sent.insert(1, (rest, kinds[count:]))
        self._bursts += 1

    # ---- single turns ----------------------------------------------------------------------

    def _allowed(self, limit: int) -> int:
        count = min(self._singles(limit), FRAME_TURNS_MAX, self._turns_max - self.sent)
        if count <= 0 or self._sent_bytes > SENT_BYTES_MANY:
            return 0
        turns = cast(list[Turn], self.waiting)
        while sum(len(t.request.payload) for t in turns[:count]) > FRAME_BYTES_MANY:
            if count == 1:
                break
            count //= 2
        return self._allowed_warily(turns, count) if self._wary else count

    def _singles(self, limit: int) -> int:
        """Return how many of the first `limit` that wait come before a burst."""
        most = min(limit, len(self.waiting))
        for place in range(most):
            if isinstance(self.waiting[place], TurnBurst):
                return place
        return most

    def _allowed_warily(self, turns: list[Turn], count: int) -> int:
        """Let no turn be sent beside one that workers died under again and again."""
        if self._sent and (first := self.asking) is not None and first.attempts >= ALONE:
            return 0
        for before, turn in enumerate(turns[:count]):
            if turn.attempts >= ALONE:
                return before or (0 if self._sent else 1)
        return count

    def _send(self, judge: Judge, turns: Sequence[Turn]) -> RunTurns:
        message, which = run_turns(self._next, turns)
        kinds = [judge.kind(type_name, method) for _, type_name, method in message.called]
        self._sent.extend(zip(turns, [kinds[index] for index in which], strict=True))
        self._count(message)
        return message

    def _note(self, message: RunTurns, burst: TurnBurst, kinds: list[Kind]) -> None:
        self._sent.append((burst, kinds))
        self._count(message)

    def _count(self, message: RunTurns) -> None:
        count = len(message.keys)
        self._next += count
        self.sent += count
        self._sent_bytes += sum(map(len, message.payloads))

    # ---- results ---------------------------------------------------------------------------

    def ran(self, judge: Judge, message: TurnsRan) -> str:
        """Tell the next turns what they came to; return why the worker is not to be believed."""
        count, sent = len(message.versions), self.sent
        columns = (message.replies, message.events, message.index)
        if (
            count > sent
            or message.first != self._next - sent
            or any(len(c) != count for c in columns)
        ):
            return "answered turns that it was not given"
        place, wrong = 0, ""
        while place < count and not wrong:
            burst, kinds = self._sent[0]
            if isinstance(burst, TurnBurst):
                place = self._tell_burst(message, place, burst, cast(list[Kind], kinds))
            elif self._bursts or message.others:
                wrong = self._tell(judge, message, place)
                place += 1
            else:
                wrong, place = self._tell_usual(Results.of(message, place, count)), count
        self._sent_bytes = self._sent_bytes * self.sent // sent
        return wrong

    def _tell_burst(
        self, message: TurnsRan, start: int, burst: TurnBurst, kinds: list[Kind]
    ) -> int:
        """Tell a burst its results from place `start` on; return the place of the next.

        If some are not here yet, or not usual, it is cut or taken apart, and nothing is told.
        """
        end = start + len(burst)
        odd = [place for place in message.others if start <= place < end]
        until = min(end, len(message.versions), *odd)
        if len(odd) > ODD_MAX or (until == start and len(burst) == 1):
            self._split_first()
        elif until < end:
            self._cut_first(burst, kinds, max(1, until - start))
        else:
            results = Results.of(message, start, end)
            if results.wrong(kinds):
                self._split_first()
            else:
                self._sent.popleft()
                self._bursts -= 1
                self.sent -= len(burst)
                burst.ran(*results)
                return end
        return start

    def _tell_usual(self, results: Results) -> str:
        """Tell single turns results that are all of the usual kind; no burst is sent."""
        # The first column ends it, before it takes one turn too many.
        rows = zip(*results, self._first(), strict=False)
        wrong = ""
        for version, reply, events, index, (turn, kind) in rows:
            if wrong := complaint(kind, version, reply, events, index):
                wrong = _disbelieved(turn, wrong)
                break
            if events:
                first = version - len(events) + 1
                change = ChangeRecord(turn.request.object, first, events, False, index)
                turn.ran(TurnResult(outcome="ok", version=version, reply=reply, changes=(change,)))
            else:
                turn.ran(TurnResult(outcome="ok", version=version, reply=reply))
        self.sent = len(self._sent)
        return wrong

    def _tell(self, judge: Judge, message: TurnsRan, place: int) -> str:
        """Tell one turn its result, of any kind."""
        turn, kind = cast(tuple[Turn, Kind], self._sent.popleft())
        self.sent -= 1
        result = message.others.get(place)
        if result is None:
            version, events = message.versions[place], message.events[place]
            change = ChangeRecord(
                turn.request.object, version - len(events) + 1, events, False, message.index[place]
            )
            changes = (change,) if events else ()
            reply = message.replies[place]
            result = TurnResult(outcome="ok", version=version, reply=reply, changes=changes)
        if wrong := judge.complaint(turn.request, kind, result):
            return _disbelieved(turn, wrong)
        turn.ran(result)
        return ""

    def _first(self) -> Iterator[tuple[Turn, Kind]]:
        """Take those sent from the first on, each when it is asked for; there are no bursts."""
        return cast(Iterator[tuple[Turn, Kind]], iter(self._sent.popleft, None))

    # ---- losses ----------------------------------------------------------------------------

    def worker_died(self, begun: int, why: str) -> str:
        """Fail the turn that was begun, the others are lost; return the name of the one."""
        first = self._next - self.sent
        sent = _singles(item for item, _ in self._sent)
        self._sent.clear()
        self._sent_bytes, self._next, self.sent, self._bursts = 0, 1, 0, 0
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
        waiting, self.waiting = _singles(self.waiting), []
        self.taken += len(waiting)
        for turn in waiting:
            turn.ran(failed(error))


class Results(NamedTuple):
    """Columns of results, all of the usual kind."""

    versions: list[int]
    replies: list[bytes]
    events: list[tuple[EventRecord, ...]]
    indexed: list[dict[str, Scalar]]

    @classmethod
    def of(cls, message: TurnsRan, start: int, end: int) -> Results:
        """Return those at [start, end) of a message."""
        columns = (message.versions, message.replies, message.events, message.index)
        if end - start == len(message.versions):
            return cls(*columns)
        return cls(*(column[start:end] for column in columns))  # type: ignore[arg-type]

    def wrong(self, kinds: list[Kind]) -> bool:
        """Whether any of them cannot be."""
        return any(map(complaint, kinds, *self))


def _singles(items: Iterable[Turn | TurnBurst]) -> list[Turn]:
    turns: list[Turn] = []
    for item in items:
        if isinstance(item, TurnBurst):
            turns += item.apart()
        else:
            turns.append(item)
    return turns


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
