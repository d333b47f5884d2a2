"""The one expression language, evaluated on a thing: exact decimals, absent operands, choices.

Two readings of an absent operand. A condition (guard, filter, limit) holds only if it is true, and
an ordering with an absent operand is false. An Always rule is broken only if it is surely false:
there, a comparison with an absent operand is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import reduce

from aidevos_agents.gates.interpreter.catalog import Catalog
from aidevos_agents.gates.interpreter.kinds import money_decimals
from aidevos_agents.gates.interpreter.symbols import Moment, Ref
from aidevos_agents.gates.interpreter.world import Row, Value, World
from aidevos_agents.spec.expr import (
    Aggregate,
    Argument,
    Arithmetic,
    Compare,
    Expr,
    Literal,
    Logic,
    Now,
    Path,
)
from aidevos_agents.spec.model import Field

EXACT = Context(prec=100)
"""More digits than sums and products of fields can have; a quotient is rounded to them."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression is evaluated: the thing at hand, what was given, the turn's time."""

    catalog: Catalog
    world: World
    row: Row
    now: Moment
    given: Mapping[str, Value]

    def at(self, row: Row) -> Scope:
        """Return the scope of another thing."""
        return Scope(self.catalog, self.world, row, self.now, self.given)


def holds(expression: Expr | None, scope: Scope) -> bool:
    """Return whether a condition is true; no condition always is."""
    return expression is None or value_of(expression, scope) is True


def is_broken(expression: Expr, scope: Scope) -> bool:
    """Return whether an Always rule is surely false."""
    return _certain(expression, scope) is False


def value_of(expression: Expr, scope: Scope) -> Value:
    """Return the value; None is absent."""
    match expression:
        case Literal(value=value, decimal=decimal):
            return Decimal(str(value)) if decimal else value
        case Path(names=names):
            return _follow(names, scope)
        case Argument(name=name):
            return scope.given.get(name)
        case Now():
            return scope.now
        case Compare():
            return _compare(expression, scope)
        case Logic(op=op, terms=terms):
            return _logic(op, [value_of(term, scope) is True for term in terms])
        case Arithmetic(op=op, left=left, right=right):
            return _arithmetic(op, value_of(left, scope), value_of(right, scope))
        case Aggregate():
            return _aggregate(expression, scope)


def field_value(field: Field, scope: Scope) -> Value:
    """Return a field's value of the thing at hand; derived ones are computed and rounded."""
    if field.source != "derived" or field.derived is None:
        return scope.row.values.get(field.name)
    return fitted(field, value_of(field.derived, scope))


def fitted(field: Field, value: Value) -> Value:
    """Round a computed number to what the field holds: half up."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return value
    match field.kind:
        case "whole":
            return int(rounded(Decimal(value), 0))
        case "money":
            return rounded(Decimal(value), money_decimals(field))
        case _:
            return Decimal(value) if field.decimals is None else rounded(value, field.decimals)


def rounded(value: int | Decimal, decimals: int) -> Decimal:
    """Round half up (away from zero) to so many digits after the point."""
    return Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, EXACT)


def _follow(names: tuple[str, ...], scope: Scope) -> Value:
    value = field_value(scope.catalog.field(scope.row.thing, names[0]), scope)
    if len(names) == 1:
        return value
    row = scope.world.at(value) if isinstance(value, Ref) else None
    return None if row is None else _follow(names[1:], scope.at(row))


def _logic(op: str, terms: list[bool]) -> bool:
    match op:
        case "and":
            return all(terms)
        case "or":
            return any(terms)
        case _:
            return not terms[0]


def _certain(expression: Expr, scope: Scope) -> bool | None:
    match expression:
        case Compare(left=left, right=right):
            return None if _is_unknown(left, right, scope) else _compare(expression, scope)
        case Logic(op=op, terms=terms):
            return _three_valued(op, [_certain(term, scope) for term in terms])
        case _:
            value = value_of(expression, scope)
            return value if isinstance(value, bool) else None


def _is_unknown(left: Expr, right: Expr, scope: Scope) -> bool:
    if Literal(None) in (left, right):
        return False
    return value_of(left, scope) is None or value_of(right, scope) is None


def _three_valued(op: str, terms: list[bool | None]) -> bool | None:
    if op == "not":
        return None if terms[0] is None else not terms[0]
    decisive = op == "or"
    if decisive in terms:
        return decisive
    return None if None in terms else not decisive


def _compare(expression: Compare, scope: Scope) -> bool:
    left, right = value_of(expression.left, scope), value_of(expression.right, scope)
    if expression.op in ("eq", "ne"):
        return (_plain(left, right) == _plain(right, left)) is (expression.op == "eq")
    if left is None or right is None:
        return False
    choices = choices_in(expression.left, scope) or choices_in(expression.right, scope)
    before, after = (rank(_plain(one, two), choices) for one, two in ((left, right), (right, left)))
    match expression.op:
        case "lt":
            return bool(before < after)
        case "le":
            return bool(before <= after)
        case "gt":
            return bool(before > after)
        case _:
            return bool(before >= after)


def _plain(value: Value, other: Value) -> Value:
    if isinstance(value, Moment):
        # A date compares with the day of the turn, not with its instant.
        return value.text[: len(other)] if isinstance(other, str) else value.text
    if isinstance(value, str) and isinstance(other, Decimal):
        return Decimal(value)
    return value


def rank(value: Value, choices: tuple[str, ...] = ()) -> tuple[object, ...]:
    """Return what a present value sorts by: choices by position, text by casefold, no < yes."""
    match value:
        case Moment():
            return (value.text,)
        case Ref(serial=serial):
            return (serial,)
        case str() if choices:
            return (choices.index(value) if value in choices else len(choices),)
        case str():
            return (value.casefold(), value)
        case _:
            return (value,)


def choices_in(expression: Expr, scope: Scope) -> tuple[str, ...]:
    """Return the choices of the field that a path or an argument names, or none."""
    match expression:
        case Path(names=names):
            thing = scope.row.thing
            for name in names[:-1]:
                thing = scope.catalog.field(thing, name).of
            return scope.catalog.field(thing, names[-1]).choices
        case Argument(name=name):
            field = scope.catalog.fields[scope.row.thing].get(name)
            return field.choices if field else ()
        case _:
            return ()


def _arithmetic(op: str, left: Value, right: Value) -> Value:
    if not isinstance(left, int | Decimal) or not isinstance(right, int | Decimal):
        return None
    match op:
        case "add":
            return EXACT.add(left, right)
        case "sub":
            return EXACT.subtract(left, right)
        case "mul":
            return EXACT.multiply(left, right)
        case _:
            return None if right == 0 else EXACT.divide(left, right)


def _aggregate(expression: Aggregate, scope: Scope) -> Value:
    children = [child for child in _children(expression.thing, scope)]
    inside = [child for child in children if holds(expression.where, child)]
    if expression.of is None:
        return len(inside)
    values = [value_of(expression.of, child) for child in inside]
    present = [value for value in values if value is not None]
    if expression.op == "count":
        return len(present)
    if expression.op in ("min", "max"):
        return _extreme(expression, inside, present)
    return _total(expression, [Decimal(v) for v in present if isinstance(v, int | Decimal)])


def _children(thing: str, scope: Scope) -> list[Scope]:
    fields = scope.catalog.parent_fields(thing, scope.row.thing)
    return [
        scope.at(row)
        for row in scope.world.all(thing)
        if any(row.values.get(field) == scope.row.ref for field in fields)
    ]


def _extreme(expression: Aggregate, inside: list[Scope], present: Sequence[Value]) -> Value:
    if not present or expression.of is None:
        return None
    choices = choices_in(expression.of, inside[0])
    pick = min if expression.op == "min" else max
    return pick(present, key=lambda value: rank(value, choices))


def _total(expression: Aggregate, values: list[Decimal]) -> Value:
    if not values:
        return Decimal(0) if expression.op == "sum" else None
    total = reduce(EXACT.add, values, Decimal(0))
    exact = total if expression.op == "sum" else EXACT.divide(total, len(values))
    return exact if expression.decimals is None else rounded(exact, expression.decimals)
