"""A thing as JSON: its id, parents and fields in the spec's order, kinds as the wire has them."""

from __future__ import annotations

import re
from decimal import Decimal

from aidevos_agents.gates.interpreter.catalog import Catalog
from aidevos_agents.gates.interpreter.evaluate import Scope, field_value
from aidevos_agents.gates.interpreter.kinds import money_decimals
from aidevos_agents.gates.interpreter.symbols import Address, Ref
from aidevos_agents.gates.interpreter.world import Row, Value
from aidevos_agents.spec.model import Field

PLACEHOLDER = re.compile(r"\{(\w+)\}")


def shown(scope: Scope) -> dict[str, object]:
    """Return the thing at hand as JSON, with Ref, Moment, Decimal and Address left as they are."""
    fields = scope.catalog.fields[scope.row.thing].values()
    return {"id": scope.row.ref} | {field.name: _json(field, scope) for field in fields}


def address_of(catalog: Catalog, row: Row) -> Address | None:
    """Return the address of the thing's show route, if it has one."""
    route = catalog.show_route(row.thing)
    if route is None:
        return None
    bound = {bind.placeholder: bind.field for bind in route.binds}
    refs = []
    for name in PLACEHOLDER.findall(route.path):
        value = row.values.get(bound[name]) if name in bound else row.ref
        assert isinstance(value, Ref), (route.path, name)
        refs.append(value)
    return Address(PLACEHOLDER.sub("{}", route.path), tuple(refs))


def money_text(field: Field, value: Decimal) -> str:
    """Return money with exactly the field's digits after the point."""
    return f"{value:.{money_decimals(field)}f}"


def _json(field: Field, scope: Scope) -> object:
    if field.source == "address":
        return address_of(scope.catalog, scope.row)
    return _plain(field, field_value(field, scope))


def _plain(field: Field, value: Value) -> object:
    if field.kind == "money" and isinstance(value, int | Decimal):
        return money_text(field, Decimal(value))
    return list(value) if isinstance(value, tuple) else value
