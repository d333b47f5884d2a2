"""Looks one request ahead: which of many random requests has an outcome that is wanted or new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
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

    def first(self, thing: str, goal: Callable[[], bool]) -> Ask | None:
        """Return a change of such things that reaches the goal."""
        for route, ask in self._changes(thing):
            if self.foresee(route, ask).status == route.status and self._kit.leads_to(ask, goal):
                return ask
        return None

    def first_refused(self, thing: str, reason: str) -> Ask | None:
        """Return a change of such things that is refused for this reason."""
        for route, ask in self._changes(thing):
            if any(found == reason for _, found in self.foresee(route, ask).reasons):
                return ask
        return None

    async def step(self, thing: str) -> None:
        """Ask the accepted change of such things that was seen least, deleting last."""
        best: tuple[int, Outcome, Ask] | None = None
        for route, ask in self._changes(thing):
            outcome = self.foresee(route, ask)
            if outcome.status == route.status:
                cost = self.seen[outcome] + (2 if route.method == "DELETE" else 0)
                if best is None or cost < best[0]:
                    best = (cost, outcome, ask)
        if best is None:
            await self._kit.make(thing)
            return
        self.seen[best[1]] += 1
        await self._kit.session.ask(best[2])

    def _changes(self, thing: str) -> list[tuple[Route, Ask]]:
        routes = [one for one in self._kit.routes(*CHANGES) if one.action.thing == thing]
        found = []
        for _ in range(AHEAD if routes else 0):
            route = self._kit.rng.choice(routes)
            ask = self._kit.requests.ask(route)
            if ask is not None:
                found.append((route, ask))
        return found
