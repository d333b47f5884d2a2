"""Does a value of the right type fit its field: lengths, characters, bounds, choices, items."""

from __future__ import annotations

from decimal import Decimal

from aidevos_agents.gates.interpreter.kinds import clean
from aidevos_agents.gates.interpreter.refusal import Violation
from aidevos_agents.gates.interpreter.world import Value
from aidevos_agents.spec.model import CharacterClass, Field

TEXT_LONGEST = 10_000
ITEMS_MOST = 1_000
NUMBER_MOST = 2**53 - 1


def check_bounds(field: Field, value: Value) -> None:
    """Raise Violation with the first reason why the value does not fit."""
    match field.kind:
        case "text":
            _length(field, str(value))
            _characters(field, str(value))
        case "whole" | "number" | "money":
            assert isinstance(value, int | Decimal)
            _number(field, Decimal(value))
        case "choice":
            if value not in field.choices:
                raise Violation("NOT_A_CHOICE")
        case "list":
            assert isinstance(value, tuple)
            _items(field, value)
        case _:
            pass


def _length(field: Field, text: str) -> None:
    if field.shortest is not None and len(text) < field.shortest:
        raise Violation("TOO_SHORT")
    if len(text) > (TEXT_LONGEST if field.longest is None else field.longest):
        raise Violation("TOO_LONG")


def _characters(field: Field, text: str) -> None:
    if field.characters and not all(_is_one_of(field.characters, letter) for letter in text):
        raise Violation("CHARACTERS")


def _is_one_of(classes: tuple[CharacterClass, ...], letter: str) -> bool:
    return any(_is_in(one, letter) for one in classes)


def _is_in(one: CharacterClass, letter: str) -> bool:
    match one:
        case "digits":
            return "0" <= letter <= "9"
        case "letters":
            return letter.isalpha()
        case "capital letters":
            return "A" <= letter <= "Z"
        case "small letters":
            return "a" <= letter <= "z"
        case "dashes":
            return letter == "-"
        case "spaces":
            return letter == " "


def _number(field: Field, value: Decimal) -> None:
    if value < -NUMBER_MOST or (field.minimum is not None and value < Decimal(field.minimum)):
        raise Violation("TOO_SMALL")
    if value > NUMBER_MOST or (field.maximum is not None and value > Decimal(field.maximum)):
        raise Violation("TOO_LARGE")


def _items(field: Field, items: tuple[object, ...]) -> None:
    if field.fewest_items is not None and len(items) < field.fewest_items:
        raise Violation("TOO_FEW")
    if len(items) > (ITEMS_MOST if field.most_items is None else field.most_items):
        raise Violation("TOO_MANY")
    for item in items:
        _length(field, clean(item))
    if field.distinct and len(set(items)) < len(items):
        raise Violation("REPEATED")
