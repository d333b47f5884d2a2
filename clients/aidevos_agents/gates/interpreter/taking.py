"""What a request gives: the fields of its body, each with the first thing that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from aidevos_agents.gates.interpreter.bounds import check_bounds
from aidevos_agents.gates.interpreter.kinds import typed
from aidevos_agents.gates.interpreter.refusal import FieldError, Refusal, Violation
from aidevos_agents.gates.interpreter.world import Value, World
from aidevos_agents.spec.model import Field

Given = dict[str, Value]


def take(
    fields: list[Field], body: Mapping[str, object], world: World, must: Callable[[Field], bool]
) -> Given:
    """Return the fields that are given, null ones as None; refuse (422) with all violations."""
    given: Given = {}
    errors: list[FieldError] = []
    for field in fields:
        try:
            _take_one(field, body, world, must(field), given)
        except Violation as violation:
            errors.append(FieldError(field.name, violation.reason))
    if errors:
        raise Refusal(422, "INVALID_ARGUMENT", tuple(errors))
    return given


def _take_one(
    field: Field, body: Mapping[str, object], world: World, must: bool, given: Given
) -> None:
    if field.name not in body:
        if must:
            raise Violation("REQUIRED")
        return
    raw = body[field.name]
    if raw is None and (must or not may_be_null(field)):
        raise Violation("REQUIRED")
    given[field.name] = None if raw is None else value_from_json(field, raw, world)


def value_from_json(field: Field, raw: object, world: World) -> Value:
    """Return the value, or raise Violation with the first reason why it does not fit."""
    value = typed(field, raw, world)
    check_bounds(field, value)
    return value


def may_be_null(field: Field) -> bool:
    """Return whether the field may be cleared."""
    return not field.required and field.default is None


def default_of(field: Field) -> Value:
    """Return what the field starts as when it is not given."""
    if field.kind in ("number", "money") and field.default is not None:
        return Decimal(str(field.default))
    return field.default
