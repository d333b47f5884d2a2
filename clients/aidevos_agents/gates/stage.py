"""Plays the steps of one scenario against the candidate, and checks what they claim."""

from __future__ import annotations

from decimal import Decimal

from aidevos_agents.gates.answers import read_page
from aidevos_agents.gates.candidate import Reply
from aidevos_agents.gates.encode import encode
from aidevos_agents.gates.interpreter.interpreter import Ask
from aidevos_agents.gates.interpreter.world import Row
from aidevos_agents.gates.kit import Kit
from aidevos_agents.gates.matching import read_json
from aidevos_agents.gates.requests import JsonObject
from aidevos_agents.gates.slugs import page_path
from aidevos_agents.spec.english import article
from aidevos_agents.spec.expr import Literal
from aidevos_agents.spec.model import (
    ActionRef,
    Body,
    Count,
    Do,
    Field,
    Given,
    Has,
    Make,
    Refused,
    Route,
)


class CannotPlayError(Exception):
    """The scenario asks for something that the app's routes do not let one do."""


class Stage:
    """The things spoken of so far, and the answer to the last action."""

    def __init__(self, kit: Kit, scenario: str) -> None:
        self._kit = kit
        self._name = f'scenario "{scenario}"'
        self._last: dict[str, int] = {}
        self._reply: Reply | None = None

    @property
    def reply(self) -> Reply | None:
        """The answer to the last action, if there was one."""
        return self._reply

    async def play(self, body: Body, *, refused: bool) -> None:
        """Play one step; `refused`: the step behind it says that this one is."""
        match body:
            case Make():
                for _ in range(body.count):
                    await self._make(body)
            case Do():
                await self._do(body, refused=refused)
            case Has():
                await self._has(body)
            case Count():
                await self._count(body)
            case Refused():
                self._refused(body)

    async def _make(self, step: Make) -> None:
        values = self.values(step.thing, step.values)
        taken = {
            name
            for route in self._kit.routes("create")
            if route.action.thing == step.thing
            for name in (*route.takes, *(bind.field for bind in route.binds))
        }
        at_once = {name: one for name, one in values.items() if name in taken}
        row = await self._kit.make(step.thing, at_once)
        if row is None:
            raise CannotPlayError(f"a {step.thing} with {values} cannot be made")
        self._last[step.thing] = row.serial
        later = {name: one for name, one in values.items() if name not in taken}
        if later:
            await self._change(step.thing, later)

    async def _change(self, thing: str, values: JsonObject) -> None:
        for route in self._kit.routes("change"):
            if route.action.thing == thing and values.keys() <= set(route.takes):
                await self._kit.ask(self._kit.requests.ask(route, values, self._row(thing)))
                return
        for route in self._kit.routes("custom"):
            if route.action.thing == thing and self._leads_to(route, values):
                await self._kit.ask(self._kit.requests.ask(route, {}, self._row(thing)))
                return
        raise CannotPlayError(f"no route changes {', '.join(values)} of {article(thing)}")

    def _leads_to(self, route: Route, values: JsonObject) -> bool:
        """Whether an action that needs nothing given sets just these values."""
        action = self._kit.requests.action(route)
        if action is None or any(take.required for take in action.takes):
            return False
        made = {one.field: one.to.value for one in action.effects if isinstance(one.to, Literal)}
        return all(name in made and made[name] == value for name, value in values.items())

    async def _do(self, step: Do, *, refused: bool) -> None:
        route = self._route(step.action)
        values = self.values(step.action.thing, step.values)
        row = None
        if route.action.kind == "create":
            values = self._parents(route) | values
        elif self._kit.requests.has_id(route):
            row = self._row(step.action.thing)
        ask = self._kit.requests.ask(route, values, row)
        if ask is None:
            raise CannotPlayError(f"nothing is there for {route.method} {route.path}")
        self._reply = await self._kit.session.ask(ask)
        if not refused:
            self._compare(self._reply.status == route.status, ask, route.status, self._reply)
        if route.action.kind == "create" and self._reply.status == route.status:
            self._last[step.action.thing] = [*self._kit.session.model.world.rows][-1]

    def _parents(self, route: Route) -> JsonObject:
        found: JsonObject = {}
        for field in self._kit.requests.fields(route):
            if field.kind == "reference" and field.required and field.of in self._last:
                found[field.name] = self._id(self._last[field.of])
        return found

    async def _has(self, step: Has) -> None:
        shown = await self._shown(step.thing)
        got = shown.get(step.field, "no such field")
        asked = f"{self._name}: {step.field} of the {step.thing}"
        tally = self._kit.session.tally
        if step.present is not None:
            wanted = "a value" if step.present else "no value"
            tally.compare((got is not None) is step.present, asked, wanted, got)
            return
        field = self._kit.session.model.catalog.field(step.thing, step.field)
        tally.compare(same(field, step.value, got), asked, step.value, got)

    async def _shown(self, thing: str) -> JsonObject:
        row = self._row(thing)
        for route in self._kit.routes("show"):
            if route.action.thing == thing:
                ask = self._kit.requests.ask(route, {}, row)
                reply = await self._kit.ask(ask)
                found = read_json(reply.body) if reply else None
                return found if isinstance(found, dict) else {}
        for one in await self._listed(thing):
            if isinstance(one, dict) and one.get("id") == self._id(row.serial):
                return one
        return {}

    async def _listed(self, thing: str) -> list[object]:
        for route in self._kit.routes("list"):
            if route.action.thing == thing and not route.page and not route.binds:
                reply = await self._kit.session.ask(Ask("GET", route.path))
                found = read_json(reply.body)
                return found if isinstance(found, list) else []
        return await self._listed_below(thing)

    async def _listed_below(self, thing: str) -> list[object]:
        """Return the things of every parent that there is."""
        model = self._kit.session.model
        for route in self._kit.routes("list"):
            if route.action.thing == thing and not route.page and len(route.binds) == 1:
                bind, found = route.binds[0], list[object]()
                for row in model.world.all(model.catalog.field(thing, bind.field).of):
                    path = route.path.replace(f"{{{bind.placeholder}}}", self._id(row.serial) or "")
                    shown = read_json((await self._kit.session.ask(Ask("GET", path))).body)
                    found += shown if isinstance(shown, list) else []
                return found
        raise CannotPlayError(f"no route lists every {thing}")

    async def _count(self, step: Count) -> None:
        if step.page:
            reply = await self._kit.session.get_page(page_path(step.page))
            got = ", ".join(read_page(reply.body.decode(errors="replace")).counts)
        else:
            got = str(len(await self._listed(step.thing)))
        asked = f'{self._name}: "{step.page}" shows' if step.page else f"{self._name}: there are"
        self._kit.session.tally.compare(got == str(step.count), asked, step.count, got)

    def _refused(self, step: Refused) -> None:
        reply = self._reply or Reply(0)
        asked = "refused"
        self._compare(400 <= reply.status < 500, asked, "4xx", reply)
        problem = read_json(reply.body)
        errors = problem.get("errors") if isinstance(problem, dict) else None
        reasons = problem.get("reason") if isinstance(problem, dict) else ""
        pairs = [(one.get("field"), one.get("reason")) for one in errors or ()]
        if step.field:
            named = any(field == step.field for field, _ in pairs)
            self._compare(named, asked, f"because of {step.field}", reply)
        if step.reason:
            given = {reasons, *(reason for field, reason in pairs if step.field in ("", field))}
            self._compare(step.reason in given, asked, step.reason, reply)

    def _compare(self, equal: bool, asked: object, expected: object, reply: Reply) -> None:
        got = f"{reply.status} {reply.body[:200].decode(errors='replace')}"
        self._kit.session.tally.compare(equal, f"{self._name}: {asked}", expected, got)

    def _route(self, ref: ActionRef) -> Route:
        for route in self._kit.session.model.catalog.routes:
            if route.action == ref:
                return route
        raise CannotPlayError(f"no route lets one {ref.verb} a {ref.thing}")

    def _row(self, thing: str) -> Row:
        row = self._kit.session.model.world.rows.get(self._last.get(thing, 0))
        if row is None:
            raise CannotPlayError(f"no {thing} was spoken of")
        return row

    def _id(self, serial: int) -> str | None:
        return self._kit.session.model.world.id_of(serial)

    def values(self, thing: str, values: tuple[Given, ...]) -> JsonObject:
        """Return a step's values as the body of a request."""
        fields = self._kit.session.model.catalog.fields[thing]
        return {one.field: as_json(fields[one.field], one.value) for one in values}


def as_json(field: Field, value: object) -> object:
    """Return a scenario's value as the body of a request has it."""
    if isinstance(value, tuple):
        return list(value)
    if field.kind == "number" and isinstance(value, str):
        return Decimal(value)
    return encode_money(value) if field.kind == "money" else value


def encode_money(value: object) -> object:
    """Return money as text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def same(field: Field, wanted: object, got: object) -> bool:
    """Return whether an answer's value is the one that the scenario claims."""
    if field.kind in ("number", "money") and wanted is not None and got is not None:
        return Decimal(str(got)) == Decimal(str(wanted))
    return bool(encode(as_json(field, wanted)) == encode(got))
