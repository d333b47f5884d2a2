"""Deleting one thing, or all of a kind: guards, what is in use, what goes with it."""

from __future__ import annotations

from aidevos_agents.gates.interpreter.catalog import Catalog, names_in
from aidevos_agents.gates.interpreter.changes import Changes
from aidevos_agents.gates.interpreter.evaluate import Scope, holds
from aidevos_agents.gates.interpreter.refusal import Refusal
from aidevos_agents.gates.interpreter.rules import falling_with
from aidevos_agents.gates.interpreter.symbols import Moment
from aidevos_agents.gates.interpreter.world import Row, World
from aidevos_agents.spec.model import Action


def remove(catalog: Catalog, world: World, now: Moment, action: Action, rows: list[Row]) -> None:
    """Delete these things and what goes with them, all or none."""
    for row in rows:
        if not holds(action.guard, Scope(catalog, world, row, now, {})):
            raise Refusal(409, "FAILED_PRECONDITION", named=names_in(action.guard))
    for serial in falling_with(catalog, world, rows):
        world.drop(serial)
    Changes(catalog, world, now).check_rules(None)
