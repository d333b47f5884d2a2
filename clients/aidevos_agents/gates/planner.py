"""Finds the changes of one thing that lead it to a state, by searching in the interpreter.

Rehearsed only: the caller asks what was found, so a candidate sees nothing of the search.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from aidevos_agents.gates.interpreter.catalog import names_in
from aidevos_agents.gates.interpreter.interpreter import Ask
from aidevos_agents.gates.interpreter.symbols import Window
from aidevos_agents.gates.interpreter.world import Row, Value
from aidevos_agents.gates.kit import Kit
from aidevos_agents.gates.session import now_ms

STATES_MAX = 60
BODIES = 3
Goal = Callable[[Row], bool]


class Planner:
    """Searches the states of one thing, nearest first."""

    def __init__(self, kit: Kit, row: Row) -> None:
        self._kit = kit
        self._row = row
        self._world = kit.session.model.world
        self._telling = _telling(kit, row.thing)

    def plan(self, goal: Goal) -> list[Ask] | None:
        """Return the changes after which the goal is reached; None if none were found."""
        before = self._world.snapshot()
        try:
            return self._search(goal)
        finally:
            self._world.restore(before)

    def _search(self, goal: Goal) -> list[Ask] | None:
        begin = self._world.snapshot()
        waiting: deque[tuple[dict[int, Row], list[Ask]]] = deque([(begin, [])])
        seen = {self._state()}
        while waiting:
            rows, asks = waiting.popleft()
            self._world.restore(rows)
            row = self._world.rows[self._row.serial]
            if goal(row):
                return asks
            for ask in self._changes(row):
                self._world.restore(rows)
                if self._leads_on(ask) and self._state() not in seen and len(seen) < STATES_MAX:
                    seen.add(self._state())
                    waiting.append((self._world.snapshot(), [*asks, ask]))
        return None

    def _changes(self, row: Row) -> Iterator[Ask]:
        for route in self._kit.routes("custom", "change"):
            if route.action.thing == row.thing:
                for _ in range(BODIES if route.takes else 1):
                    ask = self._kit.requests.ask(route, row=row)
                    if ask is not None:
                        yield ask

    def _leads_on(self, ask: Ask) -> bool:
        now = now_ms()
        status = self._kit.session.model.answer(ask, Window(now, now)).status
        return status < 300 and self._row.serial in self._world.rows

    def _state(self) -> tuple[Value, ...]:
        values = self._world.rows[self._row.serial].values
        return tuple(values.get(name) for name in self._telling)


def _telling(kit: Kit, thing: str) -> list[str]:
    """Return the fields that decide what can be done next: of guards, and set by effects."""
    actions = [one for one in kit.session.app.actions if one.thing == thing]
    guards = [name for action in actions for name in names_in(action.guard)]
    return list(dict.fromkeys([*guards, *(one.field for a in actions for one in a.effects)]))
