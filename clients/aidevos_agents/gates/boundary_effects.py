"""Effects: each custom action of things whose fields stand where its effect is just still right."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from aidevos_agents.gates.interpreter.world import Row
from aidevos_agents.gates.kit import Kit
from aidevos_agents.gates.planner import Goal, Planner
from aidevos_agents.spec.model import Action, Field

BESIDE = 1


async def check_effects(kit: Kit) -> None:
    """Bring each bounded field that an effect sets to its bounds, then ask every custom action."""
    for thing in kit.session.app.things:
        fields = {field.name: field for field in thing.fields}
        actions = [one for one in kit.session.app.actions if one.thing == thing.name]
        for goal in _goals(fields, actions):
            await kit.resume()
            await _bring(kit, thing.name, goal)


def _goals(fields: dict[str, Field], actions: list[Action]) -> Iterator[Goal]:
    changed = dict.fromkeys(effect.field for action in actions for effect in action.effects)
    for name in changed:
        field = fields.get(name)
        for bound in (field.minimum, field.maximum) if field else ():
            if bound is not None:
                for value in (Decimal(bound), Decimal(bound) - BESIDE, Decimal(bound) + BESIDE):
                    yield _stands_at(name, value)


def _stands_at(name: str, value: Decimal) -> Goal:
    return lambda row: row.values.get(name) == value


async def _bring(kit: Kit, thing: str, goal: Goal) -> None:
    row = await kit.make(thing)
    asks = Planner(kit, row).plan(goal) if row else None
    for ask in asks or ():
        await kit.session.ask(ask)
    if row is not None and asks is not None:
        await _ask_all(kit, row)


async def _ask_all(kit: Kit, row: Row) -> None:
    for route in kit.routes("custom"):
        if route.action.thing == row.thing and row.serial in kit.session.model.world.rows:
            await kit.ask(kit.requests.ask(route, row=row))
