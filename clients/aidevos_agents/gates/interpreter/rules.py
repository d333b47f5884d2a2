"""What must hold after a change: uniqueness, Always, AtMost; and what keeps a thing from going."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from aidevos_agents.gates.interpreter.catalog import Catalog, names_in
from aidevos_agents.gates.interpreter.evaluate import Scope, holds, is_broken
from aidevos_agents.gates.interpreter.refusal import FieldError, Refusal
from aidevos_agents.gates.interpreter.world import Row, Value, World
from aidevos_agents.spec.model import Always, AtMost, Field

ScopeOf = Callable[[Row], Scope]


def check_unique(catalog: Catalog, world: World, row: Row) -> None:
    """Refuse (409) a thing whose unique field has the value of another's."""
    errors = tuple(
        FieldError(field.name, "NOT_UNIQUE")
        for field in catalog.fields[row.thing].values()
        if field.unique and _is_taken(field, world, row)
    )
    if errors:
        raise Refusal(409, "ALREADY_EXISTS", errors)


def _is_taken(field: Field, world: World, row: Row) -> bool:
    value = _folded(field, row.values.get(field.name))
    return value is not None and any(
        _folded(field, other.values.get(field.name)) == value
        for other in world.all(row.thing)
        if other.serial != row.serial
    )


def _folded(field: Field, value: Value) -> Value:
    return value.casefold() if field.ignoring_case and isinstance(value, str) else value


def check_rules(catalog: Catalog, world: World, scope_of: ScopeOf, changed: Row | None) -> None:
    """Refuse (422, then 409) a world in which a rule of the spec does not hold."""
    for rule in catalog.app.rules:
        if isinstance(rule, Always):
            rows = world.all(rule.thing)
            if catalog.is_local(rule):
                # It speaks of one thing's own fields: all others are as right as before.
                rows = [changed] if changed and changed.thing == rule.thing else []
            _check_always(rule, [scope_of(row) for row in rows])
    for rule in catalog.app.rules:
        if isinstance(rule, AtMost):
            _check_at_most(rule, [scope_of(row) for row in world.all(rule.thing)])


def _check_always(rule: Always, scopes: list[Scope]) -> None:
    if any(is_broken(rule.holds, scope) for scope in scopes):
        errors = tuple(FieldError(name, "RULE") for name in names_in(rule.holds))
        raise Refusal(422, "INVALID_ARGUMENT", errors)


def _check_at_most(rule: AtMost, scopes: list[Scope]) -> None:
    if any(count > rule.most for count in group_sizes(rule, scopes).values()):
        raise Refusal(409, "FAILED_PRECONDITION", (FieldError(rule.thing, "LIMIT"),))


def group_sizes(rule: AtMost, scopes: list[Scope]) -> Counter[Value]:
    """Return how many things count for the limit, for each value of `per`; absent has no limit."""
    inside = [scope.row for scope in scopes if holds(rule.where, scope)]
    if not rule.per:
        return Counter({None: len(inside)})
    values = [row.values.get(rule.per) for row in inside]
    return Counter(value for value in values if value is not None)


def falling_with(catalog: Catalog, world: World, rows: Iterable[Row]) -> dict[int, Row]:
    """Return the things and all that are deleted with them, by serial; refuse if one is in use."""
    going: dict[int, Row] = {}
    waiting = list(rows)
    while waiting:
        row = waiting.pop()
        if row.serial in going:
            continue
        going[row.serial] = row
        waiting += [other for other, cascades in _users(catalog, world, row) if cascades]
    _refuse_if_in_use(catalog, world, going)
    return going


def _users(catalog: Catalog, world: World, row: Row) -> list[tuple[Row, bool]]:
    return [
        (other, cascades)
        for thing, field, cascades in catalog.referrers(row.thing)
        for other in world.all(thing.name)
        if other.values.get(field.name) == row.ref
    ]


def _refuse_if_in_use(catalog: Catalog, world: World, going: dict[int, Row]) -> None:
    blocking = {
        other.thing
        for row in going.values()
        for other, _ in _users(catalog, world, row)
        if other.serial not in going
    }
    if blocking:
        names = [thing.name for thing in catalog.app.things if thing.name in blocking]
        errors = tuple(FieldError(name, "IN_USE") for name in names)
        raise Refusal(409, "FAILED_PRECONDITION", errors)
