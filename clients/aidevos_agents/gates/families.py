"""Things that others refer to: deleted while in use, and with what goes along."""

from __future__ import annotations

from aidevos_agents.gates.interpreter.world import Row
from aidevos_agents.gates.kit import Kit
from aidevos_agents.spec.model import Field, Route


async def check_families(kit: Kit, route: Route) -> None:
    """Ask a delete route for a thing that is referred to, once for each way to refer to it."""
    for other, field, _ in kit.session.model.catalog.referrers(route.action.thing):
        await kit.resume()
        row = await kit.make(route.action.thing)
        if row is not None:
            await _add_referrer(kit, other.name, field, row)
            await kit.ask(kit.requests.ask(route, {}, row if kit.requests.has_id(route) else None))
            await kit.look()


async def _add_referrer(kit: Kit, thing: str, field: Field, row: Row) -> None:
    id_text = kit.session.model.world.id_of(row.serial)
    if await kit.make(thing, {field.name: id_text}):
        # Two of them: what goes along is all, not the first.
        await kit.make(thing, {field.name: id_text})
        return
    for route in kit.routes("change", "custom"):
        if route.action.thing == thing and field.name in route.takes and id_text:
            await kit.ask(kit.requests.ask(route, {field.name: id_text}))
            return
