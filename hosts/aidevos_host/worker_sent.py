"""Turns that are with a worker, single ones and bursts, in order; what each of them is told.

As a worker answers in order, the next result is that of the first. A burst stands for its turns
until one of them needs to be looked at.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from aidevos_worker.frames import RunTurns, TurnsRan

from aidevos.core.errors import AidevosError, HandlerFailedError
from aidevos.core.turn import (
    EventRecord,
    Scalar,
    Turn,
    TurnBurst,
    TurnResult,
    TurnResults,
    changes_to,
)
from aidevos_host.worker_check import Judge, Kind, complaint
from aidevos_host.worker_frames import run_burst, run_turns

ODD_MAX = 4
"""Around so many results of another kind a burst is cut; with more it is taken apart."""


class Sent:
    """What one worker process was given and has not answered. Numbers are 1-based in each."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.count = 0
        """Turns."""
        self.bytes = 0
        """Their payloads, about: how much of them is answered is told by the count."""
        self._items: deque[tuple[Turn, Kind] | tuple[TurnBurst, list[Kind]]] = deque()
        self._bursts = 0
        self._next = 1

    @property
    def first(self) -> Turn | None:
        """The first turn, or None; a burst that begins with it goes on as single turns."""
        if not self._items:
            return None
        self._split_first()
        return cast(Turn, self._items[0][0])

    @property
    def first_attempts(self) -> int:
        """How many workers died under the first turn; those of bursts were never sent before."""
        first = self._items[0][0] if self._items else None
        return 0 if first is None or isinstance(first, TurnBurst) else first.attempts

    def add(self, judge: Judge, turns: Sequence[Turn]) -> RunTurns:
        """Take turns; return the message that sends them."""
        message, which = run_turns(self._next, turns)
        kinds = _kinds(judge, message)
        self._items.extend(zip(turns, [kinds[index] for index in which], strict=True))
        self._count(message)
        return message

    def add_burst(self, judge: Judge, burst: TurnBurst) -> RunTurns:
        """Take a burst; return the message that sends it."""
        message, which = run_burst(self._next, burst)
        kinds = _kinds(judge, message)
        self._items.append((burst, [kinds[index] for index in which]))
        self._bursts += 1
        self._count(message)
        return message

    def lose(self) -> tuple[int, list[Turn]]:
        """The worker is no more: return all turns, and the number of the first of them."""
        first, turns = self._next - self.count, singles(item for item, _ in self._items)
        self._items.clear()
        self.count, self.bytes, self._next, self._bursts = 0, 0, 1, 0
        return first, turns

    def _count(self, message: RunTurns) -> None:
        count = len(message.keys)
        self._next += count
        self.count += count
        self.bytes += sum(map(len, message.payloads))

    # ---- bursts ----------------------------------------------------------------------------

    def _split_first(self) -> None:
        """If it begins with a burst, go on with its turns one by one."""
        item, kinds = self._items[0]
        if isinstance(item, TurnBurst):
            self._items.popleft()
            self._bursts -= 1
            turns = zip(item.apart(), cast(list[Kind], kinds), strict=True)
            self._items.extendleft(reversed(list(turns)))

    def _cut_first(self, burst: TurnBurst, kinds: list[Kind], count: int) -> None:
        """Go on with the first turns of the burst that is first, and its rest, as two."""
        self._items[0] = (burst, kinds[:count])
        rest = burst.cut(count)
        self._items.insert(1, (rest, kinds[count:]))
        self._bursts += 1

    # ---- results ---------------------------------------------------------------------------

    def ran(self, judge: Judge, message: TurnsRan) -> str:
        """Tell the next turns what they came to; return why the worker is not to be believed."""
        count, sent = len(message.versions), self.count
        columns = (message.replies, message.events, message.index)
        if (
            count > sent
            or message.first != self._next - sent
            or any(len(c) != count for c in columns)
        ):
            return "answered turns that it was not given"
        place, wrong = 0, ""
        while place < count and not wrong:
            burst, kinds = self._items[0]
            if isinstance(burst, TurnBurst):
                place = self._tell_burst(message, place, burst, cast(list[Kind], kinds))
            elif self._bursts or message.others:
                wrong = self._tell(judge, message, place)
                place += 1
            else:
                wrong = self._tell_usual(_results(message, place, count))
                place = count
        self.bytes = self.bytes * self.count // max(1, sent)
        return wrong

    def _tell_burst(
        self, message: TurnsRan, start: int, burst: TurnBurst, kinds: list[Kind]
    ) -> int:
        """Tell a burst its results from place `start` on; return the place of the next.

        If some are not here yet, or not usual, it is cut or taken apart, and nothing is told.
        """
        end, here = start + len(burst), len(message.versions)
        odd = _odd(message, start, min(end, here))
        until = min(end, here, *odd[:1])
        if len(odd) > ODD_MAX or (until == start and len(burst) == 1):
            self._split_first()
        elif until < end:
            self._cut_first(burst, kinds, max(1, until - start))
        else:
            results = _results(message, start, end)
            if any(map(complaint, kinds, *results)):
                self._split_first()
            else:
                self._items.popleft()
                self._bursts -= 1
                self.count -= len(burst)
                burst.ran(results)
                return end
        return start

    def _tell_usual(self, results: TurnResults) -> str:
        """Tell single turns results that are all of the usual kind; there are no bursts."""
        turns = cast(Iterator[tuple[Turn, Kind]], iter(self._items.popleft, None))
        wrong = ""
        for version, reply, events, index, (turn, kind) in zip(
            *results,
            turns,
            strict=False,  # The first column ends it, before it takes one turn too many.
        ):
            if wrong := complaint(kind, version, reply, events, index):
                wrong = _disbelieved(turn, wrong)
                break
            turn.ran(_usual(turn, version, reply, events, index))
        self.count = len(self._items)
        return wrong

    def _tell(self, judge: Judge, message: TurnsRan, place: int) -> str:
        """Tell one turn its result, of any kind."""
        turn, kind = cast(tuple[Turn, Kind], self._items.popleft())
        self.count -= 1
        result = message.others.get(place)
        if result is None:
            [results] = zip(*_results(message, place, place + 1), strict=True)
            result = _usual(turn, *results)
        if wrong := judge.complaint(turn.request, kind, result):
            return _disbelieved(turn, wrong)
        turn.ran(result)
        return ""


def singles(items: Iterable[Turn | TurnBurst]) -> list[Turn]:
    """Return turns, those of bursts one by one."""
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


def _odd(message: TurnsRan, start: int, end: int) -> list[int]:
    """Return the first places in [start, end) that have a result of another kind."""
    if not (others := message.others):
        return []
    # What a worker puts beside its results may be more than all of them: it is not gone through.
    return [place for place in range(start, end) if place in others][: ODD_MAX + 1]


def _results(message: TurnsRan, start: int, end: int) -> TurnResults:
    """Return the results at [start, end) of a message."""
    columns = (message.versions, message.replies, message.events, message.index)
    if end - start == len(message.versions):
        return TurnResults(*columns)
    return TurnResults(*(column[start:end] for column in columns))  # type: ignore[arg-type]


def _usual(
    turn: Turn,
    version: int,
    reply: bytes,
    events: tuple[EventRecord, ...],
    index: dict[str, Scalar],
) -> TurnResult:
    changes = changes_to(turn.request.object, version, events, index)
    return TurnResult(outcome="ok", version=version, reply=reply, changes=changes)


def _kinds(judge: Judge, message: RunTurns) -> list[Kind]:
    return [judge.kind(type_name, method) for _, type_name, method in message.called]


def _disbelieved(turn: Turn, wrong: str) -> str:
    name = name_of(turn)
    turn.ran(failed(HandlerFailedError(f"{name} failed: {wrong}; nothing was changed")))
    return f"gave a result of {name} that cannot be: {wrong}"
