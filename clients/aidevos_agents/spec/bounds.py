"""Whether a default keeps the bounds of its own field."""

from __future__ import annotations

from decimal import Decimal

from aidevos_agents.spec.model import Field


def default_problem(field: Field) -> str:
    """Return why the default is outside of the bounds, or nothing."""
    value = field.default
    if value is None or isinstance(value, bool):
        return ""
    if field.kind in ("whole", "number", "money"):
        return _number(field, Decimal(value))
    return _text(field, str(value)) if field.kind == "text" else ""


def _number(field: Field, value: Decimal) -> str:
    if field.minimum is not None and value < Decimal(field.minimum):
        return f"it is at least {field.minimum}"
    if field.maximum is not None and value > Decimal(field.maximum):
        return f"it is at most {field.maximum}"
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    if field.decimals is not None and -exponent > field.decimals:
        return f"it has at most {field.decimals} decimals"
    return ""


def _text(field: Field, value: str) -> str:
    if field.shortest is not None and len(value) < field.shortest:
        return f"it has at least {field.shortest} characters"
    if field.longest is not None and len(value) > field.longest:
        return f"it has at most {field.longest} characters"
    if field.characters and not all(_allowed(field, character) for character in value):
        return f"its characters are {', '.join(field.characters)}"
    return ""


def _allowed(field: Field, character: str) -> bool:
    classes = {
        "digits": "0" <= character <= "9",
        "letters": character.isalpha(),
        "capital letters": "A" <= character <= "Z",
        "small letters": "a" <= character <= "z",
        "dashes": character == "-",
        "spaces": character == " ",
    }
    return any(classes[name] for name in field.characters)
