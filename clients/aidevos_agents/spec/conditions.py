"""Meaning functions of conditions and values: parses to `raw`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aidevos_agents.spec.meaning import Nonsense, means
from aidevos_agents.spec.raw import (
    Bare,
    Fold,
    Handed,
    Instant,
    Join,
    RawCondition,
    RawValue,
    Said,
    Sum,
    Test,
    Way,
)
from aidevos_agents.spec.words import Token, string_value
from aidevos_agents.spec.world import World

NONE = Said("none", "nothing", None)
_OPPOSITE = {"eq": "ne", "ne": "eq"}


@means("string")
def string(_: World, token: Token) -> Said:
    """A text in quotes."""
    return Said("string", string_value(token.text), token)


@means("int", "decimal", "date", "time", "value")
def plain(_: World, token: Token) -> Said:
    """A number, a date, a time, or a choice's word."""
    if token.word in ("yes", "no"):
        return Said(token.word, token.word, None)  # type: ignore[arg-type]
    kinds = {"INT": "int", "DECIMAL": "decimal", "DATE": "date", "TIME": "time", "WORD": "value"}
    return Said(kinds[token.kind], token.text, token)  # type: ignore[arg-type]


@means("money")
def money(_: World, amount: Token, currency: Token) -> Said:
    """An amount with its currency."""
    return Said("money", amount.text, amount, currency.text)


@means("yes")
def yes(_: World) -> Said:
    """The word yes."""
    return Said("yes", "yes", None)


@means("no")
def no(_: World) -> Said:
    """The word no."""
    return Said("no", "no", None)


@means("any_of")
def any_of(_: World, *terms: RawCondition) -> Join:
    """One of them holds."""
    return Join("or", terms)


@means("all_of")
def all_of(_: World, *terms: RawCondition) -> Join:
    """All of them hold."""
    return Join("and", terms)


@means("not_")
def not_(_: World, term: RawCondition) -> Join:
    """It does not hold."""
    return Join("not", (term,))


@means("group", "value_group")
def group(_: World, inner: object) -> object:
    """Brackets."""
    return inner


@means("equals")
def equals(_: World, left: RawValue, right: RawValue) -> Test:
    """The same value."""
    return Test("eq", left, right)


@means("equals_not")
def equals_not(_: World, left: RawValue, right: RawValue) -> Test:
    """Another value."""
    return Test("ne", left, right)


@means("is_one_of")
def is_one_of(_: World, left: RawValue, *values: RawValue) -> Join:
    """One of several values."""
    if not all(isinstance(value, Said) for value in values):
        raise Nonsense("several values are expected after is", "Write: is one of A, B and C.")
    return Join("or", tuple(Test("eq", left, value) for value in values))


@means("compare")
def compare(_: World, left: RawValue, op: str, right: RawValue) -> Test:
    """More or less."""
    return Test(op, left, right)


@means("between")
def between(_: World, value: RawValue, low: RawValue, high: RawValue) -> Join:
    """From low to high, both included."""
    return Join("and", (Test("ge", value, low), Test("le", value, high)))


@means("or_more")
def or_more(_: World, left: RawValue, right: RawValue) -> Test:
    """At least."""
    return Test("ge", left, right)


@means("or_less")
def or_less(_: World, left: RawValue, right: RawValue) -> Test:
    """At most."""
    return Test("le", left, right)


@means("absent")
def absent(_: World, value: RawValue | Token) -> Test:
    """No value."""
    return Test("eq", _as_value(value), NONE)


@means("present")
def present(_: World, value: RawValue | Token) -> Test:
    """Any value."""
    return Test("ne", _as_value(value), NONE)


@means("is_bare", "bare")
def bare(_: World, word: Token) -> Bare:
    """A field or a value alone: it is so."""
    return Bare(word)


@means("is_not_bare", "not_bare")
def not_bare(_: World, word: Token) -> Bare:
    """A field or a value alone: it is not so."""
    return Bare(word, holds=False)


@means("is_any_bare", "filter_any")
def is_any_bare(_: World, *terms: Bare) -> Join:
    """One of several words holds."""
    return Join("or", terms)


@means("is_all_bare")
def is_all_bare(_: World, *terms: Bare) -> Join:
    """All of several words hold."""
    return Join("and", terms)


@means("is_none_bare")
def is_none_bare(_: World, *terms: Bare) -> RawCondition:
    """None of several words holds."""
    return opposite(Join("or", terms))


@means("has_so_many")
def has_so_many(world: World, *parts: object) -> Test:
    """A number of what belongs to it, or of a field that counts."""
    op = next((part for part in parts if isinstance(part, str)), "eq")
    number, noun = (part for part in parts if isinstance(part, Token))
    said = Said("int", number.text, number)
    counts = world.lexicon.names("FIELD", noun.text)
    is_thing = world.lexicon.names("THING", noun.text) or world.lexicon.names("THINGS", noun.text)
    if counts and is_thing:
        raise Nonsense(f'"{noun.text}" is a field and a thing', "Say: its FIELD is ... .", noun)
    return Test(op, Way((noun,)) if counts else Fold("count", noun), said)


@means("has_none")
def has_none(_: World, things: Token) -> Test:
    """Nothing of a kind belongs to it."""
    return Test("eq", Fold("count", things), Said("int", "0", things))


@means("adjective")
def adjective(_: World, word: Token) -> Bare:
    """A field or a value before the noun: `open issues`."""
    return Bare(word)


@means("can_degree")
def can_degree(_: World, op: str) -> str:
    """What may be more or less."""
    return op


@means("assigned")
def assigned(_: World, field: Token, value: Said) -> Test:
    """A field and its value: `status ripe`."""
    return Test("eq", Way((field,)), value)


@means("no_field", "without")
def no_field(_: World, field: Token) -> Test:
    """A field that has no value."""
    return Test("eq", Way((field,)), NONE)


@means("assignments")
def assignments(_: World, *tests: Test) -> RawCondition:
    """Several fields and their values."""
    return tests[0] if len(tests) == 1 else Join("and", tests)


@means("plus")
def plus(_: World, left: RawValue, right: RawValue) -> Sum:
    """Addition."""
    return Sum("add", left, right)


@means("minus")
def minus(_: World, left: RawValue, right: RawValue) -> Sum:
    """Subtraction."""
    return Sum("sub", left, right)


@means("times")
def times(_: World, left: RawValue, right: RawValue) -> Sum:
    """Multiplication."""
    return Sum("mul", left, right)


@means("divided")
def divided(_: World, left: RawValue, right: RawValue) -> Sum:
    """Division."""
    return Sum("div", left, right)


@means("field_path")
def field_path(_: World, name: Token) -> Way:
    """A field of the thing at hand."""
    return Way((name,))


@means("of_path")
def of_path(_: World, name: Token, way: Way) -> Way:
    """A field of what a path leads to."""
    return Way((*way.names, name), way.thing)


@means("poss_path")
def poss_path(_: World, way: Way, name: Token) -> Way:
    """The same with a possessive."""
    return Way((*way.names, name), way.thing)


@means("thing_path")
def thing_path(_: World, name: Token, thing: Token) -> Way:
    """A field of the thing at hand, which is named."""
    return Way((name,), thing)


@means("poss_thing_path")
def poss_thing_path(_: World, thing: Token, name: Token) -> Way:
    """The same with a possessive."""
    return Way((name,), thing)


@means("now")
def now(_: World) -> Instant:
    """The time of the turn."""
    return Instant()


@means("argument")
def argument(_: World, name: Token) -> Handed:
    """What the caller gave."""
    return Handed(name)


@means("count")
def count(_: World, *parts: RawCondition | Token) -> Fold:
    """How many children."""
    things, where = noun_and_filter(parts)
    return Fold("count", things, None, where)


@means("fold")
def fold(_: World, op: str, of: RawValue, things: Token, *rest: object) -> Fold:
    """A sum, average, minimum or maximum over children."""
    where = next((part for part in rest if not isinstance(part, int)), None)
    decimals = next((part for part in rest if isinstance(part, int)), None)
    return Fold(op, things, of, where, decimals)  # type: ignore[arg-type]


@means("rounding")
def rounding(_: World, digits: Token) -> int:
    """Digits after the point."""
    return int(digits.text)


@means("filter_where", "filter_with")
def filtering(_: World, condition: RawCondition) -> RawCondition:
    """Which things are meant."""
    return condition


@means("filter_all")
def filter_all(_: World, *conditions: RawCondition) -> Join:
    """All of several."""
    return Join("and", conditions)


def noun_and_filter(parts: Sequence[Any]) -> tuple[Token, RawCondition | None]:
    """Return the noun among its adjectives and filters, and all of these as one condition."""
    noun = next(part for part in parts if isinstance(part, Token))
    terms = tuple(part for part in parts if not isinstance(part, Token))
    if len(terms) < 2:
        return noun, terms[0] if terms else None
    return noun, Join("and", terms)


def opposite(condition: RawCondition) -> RawCondition:
    """Return what `unless` says: a comparison turned round, or not."""
    match condition:
        case Test() if condition.op in _OPPOSITE:
            return Test(_OPPOSITE[condition.op], condition.left, condition.right)
        case Bare():
            return Bare(condition.word, not condition.holds)
        case Join(op="or") if all(isinstance(term, Bare) for term in condition.terms):
            return Join("and", tuple(opposite(term) for term in condition.terms))
        case _:
            return Join("not", (condition,))


def _as_value(value: RawValue | Token) -> RawValue:
    return Way((value,)) if isinstance(value, Token) else value
