"""Whether a condition can hold at all: ranges and value sets of single fields, no more.

Sound, not complete: `False` is a proof, `True` a guess. Only conjunctions are looked into.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from aidevos_agents.spec import expr as x
from aidevos_agents.spec.model import Field

_NUMERIC = ("whole", "number", "money")
Plain = bool | int | str | None


def can_hold(condition: x.Expr, fields: dict[str, Field]) -> bool:
    """Return whether some values of `fields` make `condition` true."""
    if isinstance(condition, x.Logic) and condition.op == "or":
        return any(can_hold(term, fields) for term in condition.terms)
    facts: dict[str, list[tuple[str, Plain]]] = {}
    for name, op, value in _facts(condition):
        facts.setdefault(name, []).append((op, value))
    return all(_possible(fields[name], said) for name, said in facts.items() if name in fields)


def _facts(condition: x.Expr) -> Iterator[tuple[str, str, Plain]]:
    """Yield what must be true of single fields."""
    match condition:
        case x.Logic(op="and"):
            for term in condition.terms:
                yield from _facts(term)
        case x.Compare(left=x.Path(names=(name,)), right=x.Literal(value=value)):
            yield name, condition.op, value


def _possible(field: Field, said: list[tuple[str, Plain]]) -> bool:
    equal = {value for op, value in said if op == "eq"}
    if len(equal) > 1 or any(op == "ne" and value in equal for op, value in said):
        return False
    if field.kind == "choice" and equal - {None, *field.choices}:
        return False
    return field.kind not in _NUMERIC or _in_range(field, said)


def _in_range(field: Field, said: list[tuple[str, Plain]]) -> bool:
    low, high = _number(field.minimum), _number(field.maximum)
    for op, value in said:
        number = _number(value)
        if number is None:
            continue
        if op in ("eq", "ge", "gt"):
            edge = number + (1 if op == "gt" and field.kind == "whole" else 0)
            low = edge if low is None else max(low, edge)
        if op in ("eq", "le", "lt"):
            edge = number - (1 if op == "lt" and field.kind == "whole" else 0)
            high = edge if high is None else min(high, edge)
    return low is None or high is None or low <= high


def _number(value: Plain) -> Decimal | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        return Decimal(value)
    except InvalidOperation:
        return None
