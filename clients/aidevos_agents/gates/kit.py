"""What every gate does: make things, look at everything, find room for one thing more."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping

from aidevos_agents.gates.candidate import Reply
from aidevos_agents.gates.interpreter.interpreter import Ask
from aidevos_agents.gates.interpreter.symbols import Window
from aidevos_agents.gates.interpreter.world import Row
from aidevos_agents.gates.requests import JsonObject, Requests
from aidevos_agents.gates.session import Session, now_ms
from aidevos_agents.spec.model import Route

TRIES = 40
SHOWN_MAX = 12


class Kit:
    """One session with the requests that fit it."""

    def __init__(self, session: Session, rng: random.Random) -> None:
        self.session = session
        self.rng = rng
        self.requests = Requests(session.model, rng)

    async def fresh(self) -> None:
        """Begin anew on empty data."""
        await self.session.fresh()
        self.requests = Requests(self.session.model, self.rng)

    async def resume(self) -> None:
        """Begin anew if candidate and interpreter have parted."""
        if self.session.differs:
            await self.fresh()

    def routes(self, *kinds: str) -> list[Route]:
        """Return the routes of these kinds of actions."""
        return list(self.requests.routes(*kinds))

    async def ask(self, ask: Ask | None) -> Reply | None:
        """Ask both sides, if there is something to ask."""
        return None if ask is None else await self.session.ask(ask)

    def status(self, ask: Ask) -> int:
        """Return how the interpreter would answer now; nothing is changed."""
        now = now_ms()
        with self.session.model.trying(ask, Window(now, now)) as expected:
            return expected.status

    def leads_to(self, ask: Ask, goal: Callable[[], bool]) -> bool:
        """Return whether the goal would be reached by this request; nothing is changed."""
        now = now_ms()
        with self.session.model.trying(ask, Window(now, now)):
            return goal()

    def good(
        self, route: Route, row: Row | None = None, values: Mapping[str, object] | None = None
    ) -> Ask | None:
        """Return a request that would be accepted now, None if none is found."""
        found = self.good_body(route, row, values)
        return found[0] if found else None

    def good_body(
        self, route: Route, row: Row | None = None, values: Mapping[str, object] | None = None
    ) -> tuple[Ask, JsonObject] | None:
        """Return a request that would be accepted now, with its body as values."""
        for _ in range(TRIES):
            body: JsonObject = self.requests.body(route) | dict(values or {})
            ask = self.requests.ask(route, body, row)
            if ask is not None and self.status(ask) == route.status:
                return ask, body
        return None

    async def make(self, thing: str, values: Mapping[str, object] | None = None) -> Row | None:
        """Make a thing, and before it what it needs; None if the app does not let one."""
        for route in self.routes("create"):
            if route.action.thing == thing:
                await self._make_needed(thing)
                ask = self.good(route, values=values) or await self._after_room(route, values)
                if ask is not None:
                    before = set(self.session.model.world.rows)
                    await self.session.ask(ask)
                    return self._newest(thing, before)
        return None

    async def _make_needed(self, thing: str) -> None:
        for field in self.session.model.catalog.fields[thing].values():
            needed = field.kind == "reference" and field.required and field.of != thing
            if needed and not self.session.model.world.all(field.of):
                await self.make(field.of)

    async def _after_room(self, route: Route, values: Mapping[str, object] | None) -> Ask | None:
        for _ in range(3):
            if not await self.remove_one(route.action.thing):
                return None
            ask = self.good(route, values=values)
            if ask is not None:
                return ask
        return None

    async def remove_one(self, thing: str) -> bool:
        """Delete a thing of this kind, if the app lets one; return whether it did."""
        for route in self.routes("delete", "delete_all"):
            ask = self.good(route) if route.action.thing == thing else None
            if ask is not None:
                await self.session.ask(ask)
                return True
        return False

    def _newest(self, thing: str, before: set[int]) -> Row | None:
        made = [row for row in self.session.model.world.all(thing) if row.serial not in before]
        return made[-1] if made else None

    async def populate(self, each: int) -> None:
        """Make so many things of every kind."""
        for thing in self.session.app.things:
            for _ in range(each):
                await self.make(thing.name)

    async def look(self, things: Iterable[str] | None = None) -> None:
        """Read everything that can be listed, and what cannot be listed one by one."""
        model = self.session.model
        wanted = {thing.name for thing in self.session.app.things} if things is None else {*things}
        listed = set()
        for route in self.routes("list"):
            if route.action.thing in wanted:
                for ask in self._list_asks(route):
                    await self.session.ask(ask)
                    listed.add(route.action.thing)
        for route in self.routes("show"):
            if route.action.thing in wanted - listed:
                for row in model.world.all(route.action.thing)[-SHOWN_MAX:]:
                    await self.ask(self.requests.ask(route, {}, row))

    def _list_asks(self, route: Route) -> list[Ask]:
        if not route.binds:
            return [Ask("GET", route.path)]
        rows = {self.requests.path(route, row): row for row in self.requests.rows(route)}
        return [Ask("GET", path) for path in [*rows][:SHOWN_MAX] if path]
