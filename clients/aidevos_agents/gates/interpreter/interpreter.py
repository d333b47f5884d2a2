"""Executes an app model: one request after the other, each with the answer that it must get."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn
from urllib.parse import parse_qsl

from aidevos_agents.gates.interpreter.catalog import Catalog
from aidevos_agents.gates.interpreter.changes import Changes
from aidevos_agents.gates.interpreter.evaluate import Scope
from aidevos_agents.gates.interpreter.expected import Expected, Problem, ShownPage, refused
from aidevos_agents.gates.interpreter.readings import Readings
from aidevos_agents.gates.interpreter.refusal import FieldError, Refusal, Violation, not_there
from aidevos_agents.gates.interpreter.removals import remove
from aidevos_agents.gates.interpreter.routing import Asked, Table
from aidevos_agents.gates.interpreter.showing import address_of, shown
from aidevos_agents.gates.interpreter.symbols import Moment, Window
from aidevos_agents.gates.interpreter.taking import value_from_json
from aidevos_agents.gates.interpreter.world import Row, Value, World
from aidevos_agents.spec.model import Action, App, Route

BODY_BYTES_MAX = 2**20
CHANGES = ("POST", "PUT", "PATCH")


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: `path` is below the app's API, `query` the text after its `?`."""

    method: str
    path: str
    query: str = ""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one request is about."""

    route: Route
    parts: Mapping[str, str]
    query: Mapping[str, str]
    body: Mapping[str, object]
    now: Moment


class Interpreter:
    """The app of a model, in memory. Ids and times are learned from the candidate's answers."""

    def __init__(self, app: App) -> None:
        self.catalog = Catalog(app)
        self.routes = Table(self.catalog.routes)
        self.world = World()
        self.cursors: dict[str, int] = {}
        """Cursors that the candidate gave, and how many things come before."""

    def answer(self, ask: Ask, window: Window) -> Expected:
        """Execute a request that ran within `window`; return the answer it must get."""
        before = self.world.snapshot()
        try:
            return self._answer(ask, Moment(window))
        except Refusal as refusal:
            self.world.restore(before)
            return refused(refusal)

    @contextmanager
    def trying(self, ask: Ask, window: Window) -> Iterator[Expected]:
        """Execute a request, and undo it at the end of the block."""
        before = self.world.snapshot()
        try:
            yield self.answer(ask, window)
        finally:
            self.world.restore(before)

    def page(self, name: str, query: Mapping[str, str], window: Window) -> ShownPage:
        """Return what the list page of this name must show."""
        readings = Readings(self.catalog, self.world, Moment(window))
        return readings.page(self.catalog.page(name), query)

    def offered(self, name: str, row: Row, window: Window) -> set[Action]:
        """Return the actions that the page of this name must offer of one thing, no others."""
        readings = Readings(self.catalog, self.world, Moment(window))
        return readings.offered(self.catalog.page(name), row)

    def _answer(self, ask: Ask, now: Moment) -> Expected:
        asked = self.routes.find(ask.path)
        if asked is None:
            raise not_there()
        route = asked.route(ask.method)
        if ask.method == "OPTIONS":
            return Expected(status=204, allow=_allowed(asked))
        if route is None:
            problem = Problem("METHOD_NOT_ALLOWED")
            return Expected(status=405, problem=problem, allow=_allowed(asked))
        body = _read_body(ask.body) if ask.method in CHANGES else {}
        query = dict(parse_qsl(ask.query, keep_blank_values=True))
        return self._run(Turn(route, asked.parts(route), query, body, now))

    def _run(self, turn: Turn) -> Expected:
        match turn.route.action.kind:
            case "list":
                return self._list(turn)
            case "show":
                return self._given(turn, self._thing(turn, self._bound(turn)))
            case "create":
                return self._create(turn)
            case "delete" | "delete_all":
                return self._remove(turn)
            case _:
                return self._change(turn)

    def _list(self, turn: Turn) -> Expected:
        bound = self._bound(turn)
        readings = Readings(self.catalog, self.world, turn.now)
        scopes, more = readings.listed(turn.route, bound, turn.query, self.cursors)
        body = [shown(scope) for scope in scopes]
        return Expected(status=turn.route.status, body=body, more=more, paged=True)

    def _create(self, turn: Turn) -> Expected:
        changes = Changes(self.catalog, self.world, turn.now)
        row = changes.create(self._action(turn), turn.route, turn.body, self._bound(turn))
        return self._given(turn, row, made=True)

    def _change(self, turn: Turn) -> Expected:
        action = self._action(turn)
        row = self._thing(turn, self._bound(turn))
        changes = Changes(self.catalog, self.world, turn.now)
        run = changes.change if action.kind == "change" else changes.custom
        return self._given(turn, run(action, turn.route, row, turn.body))

    def _remove(self, turn: Turn) -> Expected:
        action, bound = self._action(turn), self._bound(turn)
        if action.kind == "delete":
            rows = [self._thing(turn, bound)]
        else:
            rows = [row for row in self.world.all(action.thing) if _belongs(row, bound)]
        remove(self.catalog, self.world, turn.now, action, rows)
        return Expected(status=turn.route.status)

    def _given(self, turn: Turn, row: Row, *, made: bool = False) -> Expected:
        location = address_of(self.catalog, row) if made else None
        body: object = None
        if turn.route.gives == "one":
            body = shown(Scope(self.catalog, self.world, row, turn.now, {}))
        return Expected(status=turn.route.status, body=body, location=location)

    def _action(self, turn: Turn) -> Action:
        action = self.catalog.action(turn.route.action)
        assert action is not None, turn.route
        return action

    def _thing(self, turn: Turn, bound: Mapping[str, Value]) -> Row:
        names = {bind.placeholder for bind in turn.route.binds}
        own = [text for name, text in turn.parts.items() if name not in names]
        row = self.world.find(turn.route.action.thing, own[-1] if own else "")
        if row is None or not _belongs(row, bound):
            raise not_there()
        return row

    def _bound(self, turn: Turn) -> dict[str, Value]:
        return {
            bind.field: self._bound_value(turn, bind.field, turn.parts[bind.placeholder])
            for bind in turn.route.binds
        }

    def _bound_value(self, turn: Turn, name: str, text: str) -> Value:
        field = self.catalog.field(turn.route.action.thing, name)
        try:
            return value_from_json(field, text, self.world)
        except Violation as violation:
            raise not_there() from violation


def _belongs(row: Row, bound: Mapping[str, Value]) -> bool:
    return all(row.values.get(name) == value for name, value in bound.items())


def _allowed(asked: Asked) -> frozenset[str]:
    head = {"HEAD"} if "GET" in asked.methods else set()
    return asked.methods | head | {"OPTIONS"}


def _read_body(raw: bytes) -> Mapping[str, object]:
    if len(raw) > BODY_BYTES_MAX:
        raise Refusal(413, "RESOURCE_EXHAUSTED", None)
    try:
        body = json.loads(raw, parse_float=Decimal, parse_constant=_no_number) if raw else {}
    except (ValueError, RecursionError) as error:
        raise _malformed() from error
    if not isinstance(body, dict):
        raise _malformed()
    return body


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _malformed() -> Refusal:
    return Refusal(400, "INVALID_ARGUMENT", (FieldError("body", "MALFORMED"),))
