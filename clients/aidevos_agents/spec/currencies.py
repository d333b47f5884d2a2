"""Whether amounts of different currencies meet: in a sum, a comparison, or a computed field."""

from __future__ import annotations

from collections.abc import Iterator

from aidevos_agents.spec import expr as x
from aidevos_agents.spec.model import App, Field, Thing, all_fields, thing_of

_DEEP = 20
"""Computed fields may lead to each other; a circle of them is told elsewhere."""


def mixed_currencies(app: App, thing: Thing, value: x.Expr, field: str = "") -> tuple[str, ...]:
    """Return the currencies that meet in `value` of `thing` (or in the field that it is)."""
    for node in _nodes(app, thing, value):
        found = _currencies(app, *node)
        if len(found) > 1:
            return tuple(sorted(found))
    named = _field(thing, field)
    found = _currencies(app, thing, value)
    if named is not None and named.currency:
        found |= {named.currency}
    return tuple(sorted(found)) if len(found) > 1 else ()


def _field(thing: Thing, name: str) -> Field | None:
    return next((field for field in all_fields(thing) if field.name == name), None)


def _nodes(app: App, thing: Thing, value: x.Expr) -> Iterator[tuple[Thing, x.Expr]]:
    """Yield all that is compared or reckoned with, and whose fields it names."""
    match value:
        case x.Compare(left=left, right=right):
            yield thing, x.Arithmetic("add", left, right)
            yield from _nodes(app, thing, left)
            yield from _nodes(app, thing, right)
        case x.Arithmetic():
            yield thing, value
        case x.Logic(terms=terms):
            for term in terms:
                yield from _nodes(app, thing, term)
        case x.Aggregate(where=where):
            yield thing, value
            if where is not None:
                yield from _nodes(app, thing_of(app, value.thing), where)


def _currencies(app: App, thing: Thing, value: x.Expr, deep: int = 0) -> set[str]:
    match value:
        case x.Path(names=names):
            return _of_path(app, thing, names, deep)
        case x.Argument(name=name):
            return _of_path(app, thing, (name,), deep)
        case x.Arithmetic(left=left, right=right):
            return _currencies(app, thing, left, deep) | _currencies(app, thing, right, deep)
        case x.Aggregate(of=of) if of is not None:
            return _currencies(app, thing_of(app, value.thing), of, deep)
        case _:
            return set()


def _of_path(app: App, thing: Thing, names: tuple[str, ...], deep: int) -> set[str]:
    field = _field(thing, names[0])
    if field is None:
        return set()
    if len(names) > 1 and field.of:
        return _of_path(app, thing_of(app, field.of), names[1:], deep)
    if field.currency:
        return {field.currency}
    if field.derived is not None and deep < _DEEP:
        return _currencies(app, thing, field.derived, deep + 1)
    return set()
