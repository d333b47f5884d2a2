"""Meaning functions of a field table's cells: types, and the clauses of the rule column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aidevos_agents.spec.meaning import Nonsense, means
from aidevos_agents.spec.model import Field
from aidevos_agents.spec.raw import Join, RawCondition, RawValue, Said, Test, Way
from aidevos_agents.spec.words import Token, string_value
from aidevos_agents.spec.world import World

_TYPE_WORDS = frozenset({"text", "number", "date", "time", "link", "money", "integer", "boolean"})


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` to `high`; an open end leaves the bound itself out."""

    low: Said | None = None
    high: Said | None = None
    low_open: bool = False
    high_open: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of a rule cell: its production's name and what it says."""

    name: str
    value: Any = None
    more: Any = None


_CLASSES = {
    "digits": "digits",
    "letters": "letters",
    "capitals": "capital letters",
    "smalls": "small letters",
    "dashes": "dashes",
    "spaces": "spaces",
}


@means("between_range")
def between_range(_: World, low: Said, high: Said) -> Range:
    """From one number to another."""
    return Range(low, high)


@means("exact_range")
def exact_range(_: World, number: Said) -> Range:
    """One number alone."""
    return Range(number, number)


@means("degree_range")
def degree_range(_: World, *parts: Any) -> Range:
    """At least, at most, more than, less than."""
    if len(parts) == 1:
        return parts[0]  # type: ignore[no-any-return]
    degree, number = parts
    if degree in ("gt", "ge"):
        return Range(low=number, low_open=degree == "gt")
    return Range(high=number, high_open=degree == "lt")


@means("or_more_range")
def or_more_range(_: World, number: Said) -> Range:
    """A number or more."""
    return Range(low=number)


@means("or_less_range")
def or_less_range(_: World, number: Said) -> Range:
    """A number or less."""
    return Range(high=number)


@means("bound")
def bound(_: World, span: Range) -> Clause:
    """Bounds of a number (or of a list's length)."""
    return Clause("bound", span)


@means("positive")
def positive(_: World) -> Clause:
    """More than 0."""
    return Clause("bound", Range(low=Said("int", "0", None), low_open=True))


@means("not_negative")
def not_negative(_: World) -> Clause:
    """At least 0."""
    return Clause("bound", Range(low=Said("int", "0", None)))


@means("length")
def length(_: World, span: Range, characters: str) -> Clause:
    """Characters of a text."""
    return Clause("length", span, _CLASSES.get(characters))


@means("each")
def each(_: World, span: Range, characters: str) -> Clause:
    """Characters of each item."""
    if characters != "char_word":
        raise Nonsense("items are measured in characters", "Write: each 1 to 30 characters.")
    return Clause("each", span)


@means("characters")
def characters(_: World, name: str) -> Clause:
    """Characters that a text may have."""
    return Clause("characters", _CLASSES[name])


@means("items")
def items(world: World, span: Range, noun: Token | None = None) -> Clause:
    """How many items; the field's own name may stand for items."""
    if noun is not None and world.row not in world.lexicon.names("FIELD", noun.text):
        raise Nonsense(f'"{noun.text}" is another field', at=noun)
    return Clause("items", span)


@means("distinct")
def distinct(_: World, *__: Token) -> Clause:
    """No item twice."""
    return Clause("distinct")


@means("required")
def required(_: World) -> Clause:
    """Must be given."""
    return Clause("required")


@means("not_empty")
def not_empty(_: World) -> Clause:
    """Given, and with something in it."""
    return Clause("not_empty")


@means("optional")
def optional(_: World) -> Clause:
    """May be left out."""
    return Clause("optional")


@means("default")
def default(_: World, value: Said) -> Clause:
    """What it starts as."""
    return Clause("default", value)


@means("unique")
def unique(world: World, *parts: Any) -> Clause:
    """No two have the same."""
    things = [world.thing(part).name for part in parts if isinstance(part, Token)]
    return Clause("unique", "ignoring" in parts, things[0] if things else None)


@means("unique_within")
def unique_within(_: World, *words: Any) -> Clause:
    """Unique among what belongs to one thing: nothing enforces that yet."""
    raise Nonsense(
        "this language has no uniqueness within another thing yet",
        "Write unique, which is among all, or leave it out.",
        next((word for word in words if isinstance(word, Token)), None),
    )


@means("decimals")
def decimals(_: World, digits: Token) -> Clause:
    """Digits after the point."""
    return Clause("decimals", int(digits.text))


@means("address")
def address(world: World, *thing: Token) -> Clause:
    """The address of the thing itself."""
    _must_be_here(world, *thing)
    return Clause("address")


@means("created")
def created(world: World, *words: Token) -> Clause:
    """When it was made: the verb is one that makes the thing."""
    _must_be_here(world, *words[:-1])
    return Clause("created", world.lexicon.base(words[-1].text), words[-1])


@means("changed")
def changed(world: World, *words: Token) -> Clause:
    """When it was changed last."""
    _must_be_here(world, *words[:-1])
    return Clause("changed", world.lexicon.base(words[-1].text), words[-1])


@means("derived")
def derived(_: World, value: RawValue) -> Clause:
    """Computed on each read."""
    return Clause("derived", value)


@means("relation")
def relation(world: World, op: str, way: Way) -> Clause:
    """A comparison with another field: always so."""
    return Clause("relation", op, way)


@means("text_type")
def text_type(_: World) -> Field:
    """Any text."""
    return Field(name="", kind="text")


@means("yes_no_type")
def yes_no_type(_: World) -> Field:
    """Yes or no."""
    return Field(name="", kind="yes_no")


@means("whole_type")
def whole_type(_: World) -> Field:
    """A whole number."""
    return Field(name="", kind="whole")


@means("number_type")
def number_type(_: World) -> Field:
    """A number with or without decimals."""
    return Field(name="", kind="number")


@means("money_type")
def money_type(_: World, currency: Token | None = None) -> Field:
    """An amount of money."""
    return Field(name="", kind="money", currency=currency.text if currency else "")


@means("list_type")
def list_type(_: World) -> Field:
    """A list of texts."""
    return Field(name="", kind="list")


@means("time_type")
def time_type(_: World) -> Field:
    """A moment."""
    return Field(name="", kind="time")


@means("date_type")
def date_type(_: World) -> Field:
    """A day."""
    return Field(name="", kind="date")


@means("link_type")
def link_type(_: World) -> Field:
    """An address in the web."""
    return Field(name="", kind="link")


@means("reference_type")
def reference_type(world: World, thing: Token) -> Field:
    """Another thing."""
    return Field(name="", kind="reference", of=world.thing(thing).name)


@means("choice_item")
def choice_item(_: World, *words: Token) -> str:
    """One value, of one to three words, or quoted."""
    if words[0].kind == "STRING":
        return string_value(words[0].text)
    text = " ".join(word.text for word in words)
    first = words[0].word
    if first in ("either", "or") or words[-1].word in ("or", "and") or text.startswith("one of"):
        raise Nonsense(f'"{text}" is no value', at=words[0])
    if any(word.word in ("or", "and") for word in words):
        raise Nonsense(f'"{text}" is no single value', at=words[0])
    return text


@means("choice_type")
def choice_type(_: World, *values: str) -> Field:
    """One of several values."""
    lowered = {value.casefold() for value in values}
    if lowered <= {"yes", "no", "true", "false"}:
        raise Nonsense("this is yes or no")
    if len(lowered) != len(values):
        raise Nonsense("a value is there twice", "Name each value once.")
    if "" in lowered or lowered & _TYPE_WORDS:
        raise Nonsense("a type's name is no value", "Put values in quotes or use other words.")
    return Field(name="", kind="choice", choices=values)


def relation_test(field: str, token: Token, clause: Clause) -> Test:
    """Return what a relation clause says of `field` as a comparison."""
    return Test(clause.value, Way((Token("WORD", field, token.start, token.end),)), clause.more)


def bound_test(field: str, token: Token, clause: Clause) -> RawCondition:
    """Return the bounds of a computed field as a condition that always holds."""
    way, span = Way((Token("WORD", field, token.start, token.end),)), clause.value
    low = [Test("gt" if span.low_open else "ge", way, span.low)] if span.low else []
    high = [Test("lt" if span.high_open else "le", way, span.high)] if span.high else []
    tests = (*low, *high)
    if span.low is not None and span.low == span.high:
        tests = (Test("eq", way, span.low),)
    return tests[0] if len(tests) == 1 else Join("and", tests)


def _must_be_here(world: World, *things: Token) -> None:
    for token in things:
        if world.thing(token).name != world.at:
            raise Nonsense(f'"{token.text}" is another thing', at=token)
