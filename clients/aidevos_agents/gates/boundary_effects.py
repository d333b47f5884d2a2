"""Effects and guards on numbers: custom actions of things that stand on the edge, or beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from aidevos_agents.gates.interpreter.catalog import parts_of
from aidevos_agents.gates.interpreter.evaluate import Scope, value_of
from aidevos_agents.gates.interpreter.symbols import Moment, Window
from aidevos_agents.gates.kit import Kit
from aidevos_agents.gates.planner import Goal, Planner
from aidevos_agents.gates.session import now_ms
from aidevos_agents.spec.expr import Compare, Expr, Literal, Path
from aidevos_agents.spec.model import Action

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class Edge(NamedTuple):
    """`of`, evaluated on a thing before the action, is this number: there something turns."""

    of: Expr
    number: Decimal


async def check_effects(kit: Kit) -> None:
    """Ask each action of things for which an edge of it is met exactly, or missed by one."""
    for route in kit.routes("custom", "delete", "change"):
        action = kit.requests.action(route)
        for edge in dict.fromkeys(_edges(kit, action)) if action else ():
            for number in (edge.number, edge.number - 1, edge.number + 1):
                await kit.resume()
                row = await kit.make(route.action.thing)
                asks = Planner(kit, row).plan(_goal(kit, edge.of, number)) if row else None
                for ask in asks or ():
                    await kit.session.ask(ask)
                if row is not None and asks is not None:
                    await kit.ask(kit.requests.ask(route, row=row))


def _goal(kit: Kit, of: Expr, number: Decimal) -> Goal:
    model, moment = kit.session.model, Moment(Window(now_ms(), now_ms()))
    return lambda row: value_of(of, Scope(model.catalog, model.world, row, moment, {})) == number


def _edges(kit: Kit, action: Action) -> Iterator[Edge]:
    """Yield where an effect comes to a bound of its field, and what a guard compares."""
    for effect in action.effects:
        field = kit.session.model.catalog.field(action.thing, effect.field)
        for bound in (field.minimum, field.maximum):
            if bound is not None and not isinstance(effect.to, Literal):
                yield Edge(effect.to, Decimal(bound))
    for one in parts_of(action.guard):
        match one:
            case Compare(left=Path() as left, right=Literal(value=int() | str() as value)):
                if NUMBER.fullmatch(str(value)):
                    yield Edge(left, Decimal(str(value)))
            case _:
                pass
