"""Making and changing a thing: what is taken, the guard, uniqueness, effects, rules, in order."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from aidevos_agents.gates.interpreter.bounds import check_bounds
from aidevos_agents.gates.interpreter.catalog import Catalog, names_in
from aidevos_agents.gates.interpreter.evaluate import Scope, fitted, holds, value_of
from aidevos_agents.gates.interpreter.refusal import FieldError, Refusal, Violation
from aidevos_agents.gates.interpreter.rules import check_rules, check_unique
from aidevos_agents.gates.interpreter.symbols import Moment
from aidevos_agents.gates.interpreter.taking import Given, default_of, may_be_null, take
from aidevos_agents.gates.interpreter.world import Row, Value, World
from aidevos_agents.spec.model import Action, Field, Route

Body = Mapping[str, object]


class Changes:
    """The actions create, change and custom on one world, at one time."""

    def __init__(self, catalog: Catalog, world: World, now: Moment) -> None:
        self._catalog = catalog
        self._world = world
        self._now = now

    def create(self, action: Action, route: Route, body: Body, bound: Given) -> Row:
        """Make a thing; `bound` has what the path gives."""
        given = take(self._fields(route), body, self._world, lambda field: field.required) | bound
        row = self._world.add(action.thing, self._beginning(action.thing, given))
        self._check_guard(action, self._scope(row, given))
        check_unique(self._catalog, self._world, row)
        self.check_rules(row)
        return row

    def change(self, action: Action, route: Route, row: Row, body: Body) -> Row:
        """Set the fields that are given."""
        given = take(self._fields(route), body, self._world, lambda field: False)
        self._check_guard(action, self._scope(row, given))
        return self._settle(row, {**row.values, **given}, {})

    def custom(self, action: Action, route: Route, row: Row, body: Body) -> Row:
        """Set the fields that are given, then the effects."""
        must = {one.field for one in action.takes if one.required}
        given = take(self._fields(route), body, self._world, lambda field: field.name in must)
        self._check_guard(action, self._scope(row, given))
        taken = self._world.put(row, {**row.values, **given})
        effects = self._effects(action, self._scope(taken, given))
        return self._settle(row, {**taken.values, **effects}, effects)

    def check_rules(self, changed: Row | None) -> None:
        """Refuse if a rule of the spec does not hold now."""
        check_rules(self._catalog, self._world, lambda row: self._scope(row, {}), changed)

    def _fields(self, route: Route) -> list[Field]:
        return [self._catalog.field(route.action.thing, name) for name in route.takes]

    def _scope(self, row: Row, given: Given) -> Scope:
        return Scope(self._catalog, self._world, row, self._now, given)

    def _beginning(self, thing: str, given: Given) -> Given:
        values: Given = {}
        for name, field in self._catalog.fields[thing].items():
            if field.source in ("created", "changed"):
                values[name] = self._now
            elif field.source == "given":
                values[name] = given[name] if name in given else default_of(field)
        return values

    def _check_guard(self, action: Action, scope: Scope) -> None:
        if not holds(action.guard, scope):
            raise Refusal(409, "FAILED_PRECONDITION", named=names_in(action.guard))

    def _effects(self, action: Action, scope: Scope) -> Given:
        fields = self._catalog.fields[action.thing]
        return {
            one.field: _held(fields[one.field], value_of(one.to, scope)) for one in action.effects
        }

    def _settle(self, row: Row, values: Given, effects: Given) -> Row:
        if values != dict(row.values):
            values |= self._stamps(row.thing)
        changed = self._world.put(row, values)
        check_unique(self._catalog, self._world, changed)
        self._check_effects(row.thing, effects)
        self.check_rules(changed)
        return changed

    def _stamps(self, thing: str) -> Given:
        fields = self._catalog.fields[thing].values()
        return {field.name: self._now for field in fields if field.source == "changed"}

    def _check_effects(self, thing: str, effects: Given) -> None:
        errors = []
        for name, value in effects.items():
            try:
                _check_effect(self._catalog.field(thing, name), value)
            except Violation as violation:
                errors.append(FieldError(name, violation.reason))
        if errors:
            raise Refusal(409, "FAILED_PRECONDITION", tuple(errors))


def _held(field: Field, value: Value) -> Value:
    if isinstance(value, str) and field.kind in ("number", "money"):
        return Decimal(value)
    if isinstance(value, Moment) and field.kind == "date":
        return value.text[:10]
    return fitted(field, value)


def _check_effect(field: Field, value: Value) -> None:
    if value is not None:
        check_bounds(field, value)
    elif not may_be_null(field):
        raise Violation("REQUIRED")
