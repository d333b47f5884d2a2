"""What a clause of the rule column does to its field, and which clauses contradict each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec

from aidevos_agents.spec.cells import Clause, Range
from aidevos_agents.spec.meaning import Nonsense
from aidevos_agents.spec.model import Field
from aidevos_agents.spec.raw import Said
from aidevos_agents.spec.resolve import Resolver
from aidevos_agents.spec.values import MONEY_DECIMALS, NUMERIC, decimal_text, value_for
from aidevos_agents.spec.world import Draft, World

_ORDER = ("decimals", "derived")
"""Clauses that others depend on come first."""
_OF_ANY = frozenset({"decimals", "derived", "created", "changed", "address", "optional"})
"""Clauses that may be said of fields that nobody gives."""


def in_order(clauses: Sequence[Clause]) -> list[Clause]:
    """Return the clauses, those first that others depend on."""
    return sorted(clauses, key=lambda found: found.name not in _ORDER)


def apply_clause_to(world: World, draft: Draft, field: Field, clause: Clause) -> Field:
    """Return `field` with a clause applied; raises Nonsense if it cannot be."""
    always_there = clause.name == "required" and field.source != "derived"
    if field.source != "given" and clause.name not in _OF_ANY and not always_there:
        raise Nonsense(
            f"{field.name} is kept by itself: nobody gives it",
            "What is computed may have bounds, decimals and no other rule.",
        )
    return _APPLY[clause.name](world, draft, field, clause)


def _required(_: World, draft: Draft, field: Field, __: Clause) -> Field:
    if field.name in draft.optional:
        raise Nonsense(f"{field.name} is required and optional", "Keep one of the two.")
    return msgspec.structs.replace(field, required=True)


def _not_empty(world: World, draft: Draft, field: Field, clause: Clause) -> Field:
    field = _required(world, draft, field, clause)
    if field.kind == "text" and not field.shortest:
        return _narrow(field, "shortest", 1, "longest", None)
    if field.kind == "list" and not field.fewest_items:
        return _narrow(field, "fewest_items", 1, "most_items", None)
    return field


def _optional(_: World, draft: Draft, field: Field, __: Clause) -> Field:
    if field.required:
        raise Nonsense(f"{field.name} is required and optional", "Keep one of the two.")
    draft.optional.add(field.name)
    return field


def _bound(world: World, draft: Draft, field: Field, clause: Clause) -> Field:
    if field.kind == "list":
        return _items(world, draft, field, clause)
    if field.kind == "text":
        return _length(world, draft, field, Clause("length", clause.value))
    if field.kind not in NUMERIC:
        raise Nonsense(f"{field.name} is no number: it has no bounds", "Leave the bounds out.")
    span = clause.value
    field = _with_currency(field, span)
    low = _number(field, span.low, span.low_open, 1)
    high = _number(field, span.high, span.high_open, -1)
    return _narrow(field, "minimum", low, "maximum", high)


def _length(_: World, __: Draft, field: Field, clause: Clause) -> Field:
    if field.kind != "text":
        raise Nonsense(f"{field.name} is no text: it has no characters", "Write the bounds alone.")
    low, high = _whole(clause.value)
    field = _narrow(field, "shortest", low, "longest", high)
    return field if clause.more is None else _with_class(field, clause.more)


def _characters(_: World, __: Draft, field: Field, clause: Clause) -> Field:
    if field.kind != "text":
        raise Nonsense(f"{field.name} is no text: it has no characters", "Leave that out.")
    return _with_class(field, clause.value)


def _items(_: World, __: Draft, field: Field, clause: Clause) -> Field:
    _must_be(field, "list", "items")
    low, high = _whole(clause.value)
    return _narrow(field, "fewest_items", low, "most_items", high)


def _each(_: World, __: Draft, field: Field, clause: Clause) -> Field:
    _must_be(field, "list", "items")
    low, high = _whole(clause.value)
    return _narrow(field, "shortest", low, "longest", high)


def _distinct(_: World, __: Draft, field: Field, ___: Clause) -> Field:
    _must_be(field, "list", "items")
    return msgspec.structs.replace(field, distinct=True)


def _default(_: World, __: Draft, field: Field, clause: Clause) -> Field:
    if field.default is not None:
        raise Nonsense(f"{field.name} starts as two values", "Keep one.", clause.value.at)
    return msgspec.structs.replace(field, default=value_for(field, clause.value))


def _unique(world: World, draft: Draft, field: Field, clause: Clause) -> Field:
    if clause.more not in (None, draft.name):
        raise Nonsense(f"{world.draft(clause.more).plural} are other things", "Leave that out.")
    if clause.value and field.kind != "text":
        raise Nonsense(f"{field.name} is no text: it has no case", "Write unique alone.")
    return msgspec.structs.replace(field, unique=True, ignoring_case=clause.value)


def _decimals(_: World, __: Draft, field: Field, clause: Clause) -> Field:
    if field.kind not in ("number", "money"):
        raise Nonsense(f"a {field.kind.replace('_', ' ')} has no decimals", "Leave that out.")
    return msgspec.structs.replace(field, decimals=clause.value)


def _address(_: World, __: Draft, field: Field, ___: Clause) -> Field:
    _must_be(field, "link", "the address of a thing")
    return msgspec.structs.replace(field, source="address")


def _created(world: World, _: Draft, field: Field, clause: Clause) -> Field:
    _must_be(field, "time", "when something was done")
    if not world.makes(clause.value):
        raise Nonsense(
            f'"{clause.value}" is no verb that makes a {world.at}',
            f"Write: when the {world.at} was added. Other moments are set by an action:"
            f" its {field.name} becomes now.",
            clause.more,
        )
    return msgspec.structs.replace(field, source="created")


def _changed(_: World, __: Draft, field: Field, clause: Clause) -> Field:
    _must_be(field, "time", "when something was done")
    if clause.value not in ("change", "edit", "update", "modify"):
        raise Nonsense(
            f'"{clause.value}" is not changing', "Write: when it was last changed.", clause.more
        )
    return msgspec.structs.replace(field, source="changed")


def _derived(world: World, draft: Draft, field: Field, clause: Clause) -> Field:
    value, kind = Resolver(world, draft).typed_as(field, clause.value)
    if field.source != "given":
        raise Nonsense(f"{field.name} is computed in two ways", "Keep one.")
    if field != Field(
        name=field.name, kind=field.kind, choices=field.choices, of=field.of,
        currency=field.currency, decimals=field.decimals,
    ):  # fmt: skip
        raise Nonsense(
            f"{field.name} has other rules already", "Say in the table how it is computed."
        )
    currency = field.currency or (kind.currency if field.kind == "money" else "")
    return msgspec.structs.replace(field, source="derived", derived=value, currency=currency)


_APPLY: dict[str, Callable[[World, Draft, Field, Clause], Field]] = {
    "required": _required,
    "not_empty": _not_empty,
    "optional": _optional,
    "bound": _bound,
    "length": _length,
    "characters": _characters,
    "items": _items,
    "each": _each,
    "distinct": _distinct,
    "default": _default,
    "unique": _unique,
    "decimals": _decimals,
    "address": _address,
    "created": _created,
    "changed": _changed,
    "derived": _derived,
}


def _must_be(field: Field, kind: str, what: str) -> None:
    if field.kind != kind:
        raise Nonsense(
            f"{what} is no {field.kind.replace('_', ' ')}",
            f"Give {field.name} the type {'list of text' if kind == 'list' else kind}.",
        )


def _narrow(field: Field, low_name: str, low: object, high_name: str, high: object) -> Field:
    """Set the bounds that were said; a bound said twice is a contradiction."""
    changes = {}
    for name, value in ((low_name, low), (high_name, high)):
        if value is None:
            continue
        before = getattr(field, name)
        if before not in (None, value):
            raise Nonsense(f"{field.name} has two bounds: {before} and {value}", "Keep one.")
        changes[name] = value
    found = msgspec.structs.replace(field, **changes)
    lowest, highest = getattr(found, low_name), getattr(found, high_name)
    if lowest is not None and highest is not None and Decimal(lowest) > Decimal(highest):
        raise Nonsense(
            f"nothing is at least {lowest} and at most {highest}", "Exchange or change the bounds."
        )
    return found


def _whole(span: Range) -> tuple[int | None, int | None]:
    return _length_of(span.low, span.low_open, 1), _length_of(span.high, span.high_open, -1)


def _length_of(said: Said | None, is_open: bool, step: int) -> int | None:
    if said is None:
        return None
    if said.kind != "int" or int(said.text) < 0:
        raise Nonsense(f"{said.text} is no length", "Write a whole number.", said.at)
    return int(said.text) + (step if is_open else 0)


def _number(field: Field, said: Said | None, is_open: bool, step: int) -> str | None:
    if said is None:
        return None
    value = str(value_for(field, said))
    if not is_open:
        return value
    places = _places(field)
    if places is None:
        raise Nonsense(
            f"{field.name} has no last number before {value}",
            "Say how many decimals it has, or write at least or at most.",
            said.at,
        )
    return decimal_text(Decimal(value) + step * Decimal(1).scaleb(-places))


def _places(field: Field) -> int | None:
    if field.kind == "whole":
        return 0
    return MONEY_DECIMALS if field.kind == "money" and field.decimals is None else field.decimals


def _with_currency(field: Field, span: Range) -> Field:
    for said in (span.low, span.high):
        if said is None or not said.currency:
            continue
        if field.kind != "money" or field.currency not in ("", said.currency):
            raise Nonsense(f"{field.name} is not in {said.currency}", at=said.at)
        field = msgspec.structs.replace(field, currency=said.currency)
    return field


def _with_class(field: Field, name: str) -> Field:
    if name in field.characters:
        return field
    return msgspec.structs.replace(field, characters=(*field.characters, name))
