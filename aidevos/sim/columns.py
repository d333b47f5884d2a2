"""Bursts that are with a worker: its own account of their results, and what its host is told.

The twin of aidevos_host.worker_turns and aidevos_worker.answers: results go back in the order of
the turns, some of a burst perhaps before the others; then, or if some are of another kind, the
burst is cut or taken apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aidevos.core.turn import EventRecord, TurnResult, TurnResults
from aidevos.sim.bursts import SimBurst
from aidevos.sim.turns import SimTurn

ODD_MAX = 1
"""Around so many results of another kind a burst is cut; with more it is taken apart."""
Sent = dict[int, SimTurn | SimBurst]
"""What is with the worker by the number of each turn; a burst stands under several."""


class Frame:
    """The turns of a burst in the process, which knows nothing of bursts."""

    __slots__ = ("first", "results")

    def __init__(self, first: int, count: int) -> None:
        """`first`: the number of the first of them that was not told."""
        self.first = first
        self.results: list[TurnResult | None] = [None] * count

    def put(self, number: int, result: TurnResult) -> bool:
        """Take the result of one turn; whether all are here."""
        self.results[number - self.first] = result
        return None not in self.results

    def take(self) -> tuple[int, list[TurnResult]]:
        """Return the results that can be told in order, and the number of the first."""
        first, ready = self.first, list[TurnResult]()
        for result in self.results:
            if result is None:
                break
            ready.append(result)
        self.first += len(ready)
        del self.results[: len(ready)]
        return first, ready


def tell_burst(sent: Sent, first: int, results: Sequence[TurnResult]) -> int:
    """Tell the burst that begins at `first` its results; return how many were told.

    0: it is another now in `sent`, cut or taken apart, and is to be told again.
    """
    burst = sent[first]
    assert isinstance(burst, SimBurst), burst
    count = len(burst)
    odd = [place for place, result in enumerate(results[:count]) if not _is_usual(result)]
    until = min(count, len(results), *odd)
    if len(odd) > ODD_MAX or (until == 0 and count == 1):
        _enter(sent, first, burst.apart())
    elif until < count:
        rest = burst.cut(max(1, until))
        _enter(sent, first + len(burst), [rest] * len(rest))
    else:
        for number in range(first, first + count):
            del sent[number]
        told = results[:count]
        burst.ran(
            TurnResults(
                [result.version for result in told],
                [result.reply for result in told],
                [_events(result) for result in told],
                [{} for _ in told],
            )
        )
        return count
    return 0


def single_turns(sent: Sent) -> dict[int, SimTurn]:
    """Take all bursts apart that are with a worker; return its turns by their numbers."""
    turns: dict[int, SimTurn] = {}
    for number, item in sent.items():
        if isinstance(item, SimTurn):
            turns[number] = item
        elif number not in turns:
            turns.update(enumerate(item.apart(), number))
    return turns


def bursts(sent: Sent) -> list[SimBurst]:
    """Return the bursts that are with a worker."""
    found = (item for item in sent.values() if isinstance(item, SimBurst))
    return list({id(burst): burst for burst in found}.values())


def _enter(sent: Sent, first: int, items: Iterable[SimTurn | SimBurst]) -> None:
    sent.update(enumerate(items, first))


def _is_usual(result: TurnResult) -> bool:
    return result.outcome == "ok" and len(result.changes) <= 1


def _events(result: TurnResult) -> tuple[EventRecord, ...]:
    return result.changes[0].events if result.changes else ()
