"""Looks one request ahead: which of many random requests has an outcome that is wanted or new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from aidevos_agents.gates.interpreter.expected import Expected
from aidevos_agents.gates.interpreter.interpreter import Ask
from aidevos_agents.gates.interpreter.symbols import Window
from aidevos_agents.gates.kit import Kit
from aidevos_agents.gates.session import now_ms
from aidevos_agents.spec.model import Route

AHEAD = 40
CHANGES = ("create", "change", "custom", "delete", "delete_all")


class Outcome(NamedTuple):
    """What becomes of a request, without its values."""

    route: str
    status: int
    reasons: tuple[tuple[str, str], ...]


class Foreseen(NamedTuple):
    """A request that was judged, not asked."""

    route: Route
    ask: Ask
    outcome: Outcome

    @property
    def is_accepted(self) -> bool:
        """Whether it would change something."""
        return self.outcome.status == self.route.status


def outcome_of(route: Route, expected: Expected) -> Outcome:
    """Return the outcome of an answer."""
    errors = expected.problem.errors if expected.problem else ()
    reasons = tuple((one.field, one.reason) for one in errors or ())
    return Outcome(f"{route.method} {route.path}", expected.status, reasons)


class Outcomes:
    """Random requests of one kit, judged before they are asked."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self.seen: Counter[Outcome] = Counter()

    def foresee(self, route: Route, ask: Ask) -> Outcome:
        """Return what would become of a request now."""
        now = now_ms()
        with self._kit.session.model.trying(ask, Window(now, now)) as expected:
            return outcome_of(route, expected)

    def seek(self, route: Route, wanted: Callable[[int], bool]) -> Ask | None:
        """Return a request of this route whose status is wanted and whose body fits."""
        for _ in range(AHEAD):
            ask = self._kit.requests.ask(route)
            if ask is not None:
                outcome = self.foresee(route, ask)
                if wanted(outcome.status) and outcome.status not in (404, 422):
                    return ask
        return None

    def ahead(self, thing: str) -> list[Foreseen]:
        """Return random changes of such things, with what would become of each now."""
        return [
            Foreseen(route, ask, self.foresee(route, ask)) for route, ask in self._changes(thing)
        ]

    def leading_to(self, thing: str, goal: Callable[[], bool]) -> Ask | None:
        """Return the first of some random changes of such things that reaches the goal."""
        for _, ask in self._changes(thing):
            if self._kit.leads_to(ask, goal):
                return ask
        return None

    def _changes(self, thing: str) -> Iterator[tuple[Route, Ask]]:
        routes = [one for one in self._kit.routes(*CHANGES) if one.action.thing == thing]
        for _ in range(AHEAD if routes else 0):
            route = self._kit.rng.choice(routes)
            ask = self._kit.requests.ask(route)
            if ask is not None:
                yield route, ask

    async def step(self, thing: str, ahead: list[Foreseen] | None = None) -> None:
        """Ask the accepted change of such things that was seen least, deleting last."""
        choices = [one for one in ahead or self.ahead(thing) if one.is_accepted]
        if not choices:
            await self._kit.make(thing)
            return
        chosen = min(choices, key=self._cost)
        self.seen[chosen.outcome] += 1
        await self._kit.session.ask(chosen.ask)

    def _cost(self, one: Foreseen) -> int:
        return self.seen[one.outcome] + (2 if one.route.method == "DELETE" else 0)


def refused_for(ahead: list[Foreseen], reason: str) -> Ask | None:
    """Return a request that would be refused for this reason."""
    for one in ahead:
        if any(found == reason for _, found in one.outcome.reasons):
            return one.ask
    return None
