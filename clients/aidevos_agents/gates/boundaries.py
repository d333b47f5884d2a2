"""Gate boundaries: each field on its edges and beyond them, then guards, uniqueness and limits."""

from __future__ import annotations

from aidevos_agents.gates.boundary_effects import check_effects
from aidevos_agents.gates.boundary_rules import check_guards, check_rules, check_unique
from aidevos_agents.gates.edges import edges
from aidevos_agents.gates.encode import encode
from aidevos_agents.gates.interpreter.interpreter import Ask
from aidevos_agents.gates.kit import Kit
from aidevos_agents.gates.requests import JsonObject
from aidevos_agents.spec.model import Field, Route

ROWS_MAX = 40


async def boundaries(kit: Kit) -> None:
    """Check each field of each change, then what goes across fields and things."""
    await kit.populate(2)
    for route in kit.routes("create", "change", "custom"):
        await kit.resume()
        await _check_fields(kit, route)
        await kit.look([route.action.thing])
    for check in (check_guards, check_effects, check_unique, check_rules):
        await kit.resume()
        await check(kit)
    await kit.look()


async def _check_fields(kit: Kit, route: Route) -> None:
    fields = kit.requests.fields(route)
    if not fields:
        return
    for field in fields:
        for edge in edges(field):
            await _try(kit, route, {field.name: edge})
        await _check_own_reference(kit, route, field)
        await _check_absent(kit, route, field)
    for edge in (None, [], {}, "", 0):
        await _try(kit, route, {field.name: edge for field in fields})
    for _ in range(3):
        await _try(kit, route, {field.name: kit.rng.choice([*edges(field)]) for field in fields})


async def _check_own_reference(kit: Kit, route: Route, field: Field) -> None:
    """An id of a thing of another kind is no reference."""
    world = kit.session.model.world
    for row in [*world.rows.values()] if field.kind == "reference" else []:
        id_text = world.id_of(row.serial)
        if row.thing != field.of and id_text:
            await _try(kit, route, {field.name: id_text})
            return


async def _check_absent(kit: Kit, route: Route, field: Field) -> None:
    base = await _base(kit, route)
    if base is not None:
        ask, body = base
        less = {name: value for name, value in body.items() if name != field.name}
        await kit.session.ask(Ask(ask.method, ask.path, body=encode(less)))


async def _try(kit: Kit, route: Route, values: JsonObject) -> None:
    """Ask with a body that fits but for these values."""
    base = await _base(kit, route)
    if base is not None:
        ask, body = base
        await kit.session.ask(Ask(ask.method, ask.path, body=encode(body | values)))


async def _base(kit: Kit, route: Route) -> tuple[Ask, JsonObject] | None:
    """Return a request that would be accepted now, and its body; make room or things for it."""
    if len(kit.session.model.world.all(route.action.thing)) > ROWS_MAX:
        await kit.remove_one(route.action.thing)
    if kit.requests.has_id(route) and not kit.requests.rows(route):
        await kit.make(route.action.thing)
    for attempt in range(4):
        found = kit.good_body(route)
        if found is not None:
            return found
        if attempt % 2 or not await kit.remove_one(route.action.thing):
            await kit.make(route.action.thing)
    return None
