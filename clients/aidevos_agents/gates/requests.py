"""Requests made from the model's routes: mostly right, for things that are there."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from urllib.parse import quote, urlencode

import msgspec

from aidevos_agents.gates.encode import encode
from aidevos_agents.gates.interpreter.interpreter import Ask, Interpreter
from aidevos_agents.gates.interpreter.showing import PLACEHOLDER
from aidevos_agents.gates.interpreter.symbols import Ref
from aidevos_agents.gates.interpreter.world import Row
from aidevos_agents.gates.samples import Samples
from aidevos_agents.spec.model import Action, Field, Route

MISSING = "01890000-0000-7000-8000-000000000000"
JsonObject = dict[str, object]


class Requests:
    """Makes requests for one model, from one source of chance."""

    def __init__(self, model: Interpreter, rng: random.Random) -> None:
        self.model = model
        self.rng = rng
        self.samples = Samples(rng, model)

    def fields(self, route: Route) -> list[Field]:
        """Return the fields that the route reads."""
        return [self.model.catalog.field(route.action.thing, name) for name in route.takes]

    def must(self, route: Route) -> set[str]:
        """Return the fields that must be given."""
        action = self.model.catalog.action(route.action)
        if route.action.kind == "create":
            return {field.name for field in self.fields(route) if field.required}
        if route.action.kind == "custom" and action:
            return {take.field for take in action.takes if take.required}
        return set()

    def body(self, route: Route, share: float = 0.6) -> JsonObject:
        """Return values for what must be given, and for this share of the rest."""
        must = self.must(route)
        return {
            field.name: self.samples.value(field)
            for field in self.fields(route)
            if field.name in must or self.rng.random() < share
        }

    def has_id(self, route: Route) -> bool:
        """Return whether the path names one thing of the route's own kind."""
        bound = {bind.placeholder for bind in route.binds}
        return any(name not in bound for name in PLACEHOLDER.findall(route.path))

    def rows(self, route: Route) -> list[Row]:
        """Return the things whose id is known."""
        world = self.model.world
        return [row for row in world.all(route.action.thing) if world.id_of(row.serial)]

    def path(self, route: Route, row: Row | None = None, own: str = "") -> str | None:
        """Return the path for a thing; None if nothing is there for a placeholder.

        `own` replaces the thing's own id.
        """
        bound = {bind.placeholder: bind.field for bind in route.binds}
        path = route.path
        for name in PLACEHOLDER.findall(path):
            value = self._part(route, row, bound.get(name)) if name in bound or not own else own
            if value is None:
                return None
            path = path.replace(f"{{{name}}}", quote(value, safe="%"))
        return path

    def _part(self, route: Route, row: Row | None, field: str | None) -> str | None:
        world = self.model.world
        if field is None:
            return world.id_of(row.serial) if row else None
        if row is None:
            of = self.model.catalog.field(route.action.thing, field).of
            ids = [world.id_of(one.serial) for one in world.all(of)]
            known = [one for one in ids if one]
            return self.rng.choice(known) if known else None
        value = row.values.get(field)
        return world.id_of(value.serial) if isinstance(value, Ref) else None

    def ask(
        self, route: Route, body: Mapping[str, object] | None = None, row: Row | None = None
    ) -> Ask | None:
        """Return a request of this route, None if there is nothing to ask it for.

        What `body` says of a field that the path gives, is put into the path.
        """
        if row is None and self.has_id(route):
            rows = self.rows(route)
            row = self.rng.choice(rows) if rows else None
        given = self.body(route) if body is None else body
        path = self.path(_bound_to(route, given), row)
        if path is None:
            return None
        if route.method == "GET":
            return Ask("GET", path, urlencode({name: _word(one) for name, one in given.items()}))
        return Ask(route.method, path, body=encode(given) if given or route.takes else b"")

    def routes(self, *kinds: str) -> Iterator[Route]:
        """Yield the routes of these kinds of actions."""
        return (route for route in self.model.catalog.routes if route.action.kind in kinds)

    def action(self, route: Route) -> Action | None:
        """Return the action of a route; None for a reading."""
        return self.model.catalog.action(route.action)


def _bound_to(route: Route, given: Mapping[str, object]) -> Route:
    path = route.path
    for bind in route.binds:
        value = given.get(bind.field)
        if isinstance(value, str):
            path = path.replace(f"{{{bind.placeholder}}}", quote(value, safe="%"))
    return route if path == route.path else msgspec.structs.replace(route, path=path)


def _word(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return ""
        case list():
            return str(value[0]) if value else ""
        case _:
            return str(value)
