"""Random conditions and values over the fields of a thing; each can hold."""

from __future__ import annotations

from typing import Any

from aidevos_agents.spec import expr as x
from aidevos_agents.spec.model import Field, Thing, all_fields
from hypothesis import strategies as st

from aidevos_testing.app_fields import Draw, value

_ORDERED = ("whole", "number", "money", "date", "time", "choice")
_COMPARED = ("text", "yes_no", "whole", "number", "money", "choice", "date", "time")


def comparable(thing: Thing) -> list[Field]:
    """Return the fields that conditions may speak of."""
    return [one for one in thing.fields if one.kind in _COMPARED and one.source != "derived"]


def condition(draw: Draw, thing: Thing, depth: int = 2) -> x.Expr:
    """Return a condition that names no field twice; the thing has a comparable field."""
    fields = draw(st.permutations(comparable(thing)))
    return _tree(draw, list(fields), depth)


def literal(of: Field, plain: Any) -> x.Literal:
    """Return a value as the compiler holds it in expressions."""
    if of.kind in ("number", "money"):
        return x.Literal(plain, decimal=True) if "." in plain else x.Literal(int(plain))
    return x.Literal(plain)


def _tree(draw: Draw, fields: list[Field], depth: int) -> x.Expr:
    shape = draw(st.sampled_from(("one", "one", "and", "or", "not")))
    if shape == "not":
        return x.Logic("not", (_tree(draw, fields, depth - 1),)) if depth else _one(draw, fields)
    if shape == "one" or not depth or len(fields) < 2:
        return _one(draw, fields)
    parts = draw(st.integers(2, min(3, len(fields))))
    share = len(fields) // parts
    terms = [
        _tree(draw, fields[index * share : (index + 1) * share], depth - 1)
        for index in range(parts)
    ]
    return x.Logic(shape, tuple(terms))


def _one(draw: Draw, fields: list[Field]) -> x.Expr:
    field = fields[0]
    path = x.Path((field.name,))
    if not field.required and field.default is None and draw(st.integers(0, 4)) == 0:
        return x.Compare(draw(st.sampled_from(("eq", "ne"))), path, x.Literal(None))
    ops = ("eq", "ne", "ge", "le") if field.kind in _ORDERED else ("eq", "ne")
    return x.Compare(draw(st.sampled_from(ops)), path, literal(field, value(draw, field)))


def derived(draw: Draw, thing: Thing, children: list[Thing], parents: list[Thing]) -> Any:
    """Return (kind, expression) of a derived field, or None if the thing has nothing for it."""
    ways = [
        *[("count", child) for child in children],
        *[("fold", child) for child in children if _numbers(child)],
        *([("sum", thing)] if _numbers(thing) else []),
        *[("path", parent) for parent in parents if parent.fields],
    ]
    if not ways:
        return None
    way, other = draw(st.sampled_from(ways))
    if way == "count":
        return "whole", x.Aggregate("count", other.name, None, _some(draw, other))
    if way == "fold":
        return _fold(draw, other)
    if way == "path":
        return _path(draw, other)
    return _sum(draw, thing)


def _fold(draw: Draw, child: Thing) -> Any:
    op = draw(st.sampled_from(("sum", "average", "min", "max")))
    field = draw(st.sampled_from(_numbers(child)))
    of: x.Expr = x.Path((field.name,))
    if draw(st.booleans()):
        of = x.Arithmetic("mul", of, x.Path((draw(st.sampled_from(_numbers(child))).name,)))
    places = draw(st.sampled_from((None, 1, 2)))
    return "number", x.Aggregate(op, child.name, of, _some(draw, child), places)


def _path(draw: Draw, parent: Thing) -> Any:
    fields = [one for one in parent.fields if one.kind in ("text", "yes_no", "whole", "date")]
    if not fields:
        return None
    field = draw(st.sampled_from(fields))
    return field.kind, x.Path((parent.name.replace(" ", "_"), field.name))


def _sum(draw: Draw, thing: Thing) -> Any:
    one, other = (x.Path((draw(st.sampled_from(_numbers(thing))).name,)) for _ in range(2))
    return "number", x.Arithmetic(draw(st.sampled_from(("add", "sub", "mul"))), one, other)


def _some(draw: Draw, child: Thing) -> x.Expr | None:
    if not comparable(child) or draw(st.booleans()):
        return None
    return condition(draw, child, depth=1)


def _numbers(thing: Thing) -> list[Field]:
    return [one for one in all_fields(thing) if one.kind in ("whole", "number")]
