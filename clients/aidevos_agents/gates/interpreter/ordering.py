"""The order of lists: sort keys from last to first, absent last, ties oldest first."""

from __future__ import annotations

from aidevos_agents.gates.interpreter.evaluate import Scope, field_value, rank
from aidevos_agents.spec.model import AGE, Sort


def in_order(scopes: list[Scope], sort: tuple[Sort, ...]) -> list[Scope]:
    """Return the things, given oldest first, in the order of `sort`."""
    for key in reversed(sort):
        scopes = _sorted_by(scopes, key)
    return scopes


def _sorted_by(scopes: list[Scope], key: Sort) -> list[Scope]:
    if key.field == AGE:
        return sorted(scopes, key=lambda one: one.row.serial, reverse=key.descending)
    present, absent = [], []
    for scope in scopes:
        field = scope.catalog.field(scope.row.thing, key.field)
        value = field_value(field, scope)
        if value is None:
            absent.append(scope)
        else:
            present.append((rank(value, field.choices), scope))
    present.sort(key=lambda pair: pair[0], reverse=key.descending)
    return [scope for _, scope in present] + absent
