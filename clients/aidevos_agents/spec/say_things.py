"""Things said in canonical sentences and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from aidevos_agents.spec.english import article
from aidevos_agents.spec.model import Field, Thing
from aidevos_agents.spec.say import Sayer, decimals_words, enumerated
from aidevos_agents.spec.words import quoted

_TYPES = {
    "text": "text",
    "yes_no": "yes or no",
    "whole": "whole number",
    "number": "number",
    "list": "list of text",
    "time": "time",
    "date": "date",
    "link": "link",
}


def sentences_of(thing: Thing, *, plural: bool) -> Iterator[str]:
    """Say what a thing is called and what it belongs to; `plural` says its plural too."""
    if plural:
        yield f"The plural is {quoted(thing.plural)}."
    if thing.parents:
        parents = enumerated([f"to {article(parent.thing)}" for parent in thing.parents])
        yield f"{article(thing.name).capitalize()} belongs {parents}."
    for parent in thing.parents:
        if parent.cascade:
            yield f"{article(thing.name).capitalize()} is deleted with its {parent.thing}."


def table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return a Markdown table with aligned columns."""
    cells = [tuple(cell.replace("|", "\\|") for cell in row) for row in (heads, *rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(heads))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in cells
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return [lines[0], rule, *lines[1:]]


def field_row(things: Mapping[str, Thing], thing: Thing, field: Field) -> tuple[str, str, str]:
    """Return the row of one field: name, type, rule."""
    sayer = Sayer(things, thing.name)
    rules = ", ".join(_rules(sayer, thing, field))
    return field.name, _type(field), rules or "optional"


def _type(field: Field) -> str:
    match field.kind:
        case "money":
            return f"money in {field.currency}" if field.currency else "money"
        case "reference":
            return field.of
        case "choice":
            return _choices(field.choices)
        case _:
            return _TYPES[field.kind]


def _choices(values: tuple[str, ...]) -> str:
    said = [value if value.isalpha() and value.isascii() else quoted(value) for value in values]
    if len(said) == 1:
        return f"one of {said[0]}"
    return f"{', '.join(said[:-1])} or {said[-1]}"


def _rules(sayer: Sayer, thing: Thing, field: Field) -> Iterator[str]:
    if field.required:
        yield "required"
    if field.default is not None:
        yield f"starts as {_default(sayer, field)}"
    if field.kind == "list":
        yield from _span(field.fewest_items, field.most_items, " items")
        yield from (f"each {said}" for said in _span(field.shortest, field.longest, " characters"))
        if field.distinct:
            yield "no item twice"
    else:
        yield from _span(field.shortest, field.longest, " characters")
    yield from field.characters
    yield from _span(field.minimum, field.maximum, "")
    if field.unique:
        yield "unique, ignoring case" if field.ignoring_case else "unique"
    if field.decimals is not None:
        yield decimals_words(field.decimals)
    yield from _source(sayer, thing, field)


def _default(sayer: Sayer, field: Field) -> str:
    numeric = field.kind in ("number", "money")
    return sayer.literal(field.default, field, decimal=numeric)


def _span(low: object, high: object, noun: str) -> Iterator[str]:
    if low is not None and low == high:
        yield f"exactly {low}{noun}"
    elif low is not None and high is not None:
        yield f"{low} to {high}{noun}"
    elif low is not None:
        yield f"at least {low}{noun}"
    elif high is not None:
        yield f"at most {high}{noun}"


def _source(sayer: Sayer, thing: Thing, field: Field) -> Iterator[str]:
    match field.source:
        case "address":
            yield f"the address of this {thing.name}"
        case "created":
            yield "when it was added"
        case "changed":
            yield "when it was last changed"
        case "derived":
            assert field.derived is not None
            yield sayer.value(field.derived)
