"""Plain values: from what was said to the canonical value of a field's kind."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from aidevos_agents.spec.expr import Literal
from aidevos_agents.spec.meaning import Nonsense
from aidevos_agents.spec.model import Field, Value
from aidevos_agents.spec.raw import Said

MONEY_DECIMALS = 2
_YES, _NO = frozenset({"yes", "true"}), frozenset({"no", "false"})
_WORDS = frozenset({"string", "value", "yes", "no"})
NUMERIC = frozenset({"whole", "number", "money"})
WANTED = {
    "text": 'a text in quotes: "..."',
    "yes_no": "yes or no",
    "whole": "a whole number",
    "number": "a number",
    "money": "an amount of money",
    "time": "a time: 2026-11-25T10:00:00Z",
    "date": "a date: 2026-11-25",
    "link": 'an address in quotes: "https://..."',
    "reference": "a thing",
    "list": "texts in quotes",
}


def value_for(field: Field, said: Said) -> Value:
    """Return `said` as a value of `field`: text for numbers, money, dates and times."""
    must_be_in(field, said)
    value = _value(field, said)
    if value is None:
        wanted = WANTED.get(field.kind) or f"one of {', '.join(field.choices)}"
        raise Nonsense(f'"{said.text}" is not {wanted}', f"{field.name} is {wanted}.", said.at)
    return value


def literal_for(field: Field, said: Said) -> Literal:
    """Return `said` as a literal to compare with `field`; decimals keep the author's digits."""
    if said.kind == "none":
        return Literal(None)
    if field.kind in NUMERIC:
        return number_literal(said, field)
    return Literal(value_for(field, said))


def number_literal(said: Said, field: Field | None = None) -> Literal:
    """Return a number as a literal: int, or decimal text."""
    if field is not None:
        must_be_in(field, said)
    text = _number_text(said)
    if text is None:
        raise Nonsense(f'"{said.text}" is not a number', "Write a number.", said.at)
    return Literal(text, decimal=True) if "." in text else Literal(int(text))


def must_be_in(field: Field, said: Said) -> None:
    """Raise Nonsense if `said` names a currency that is not the field's."""
    if not said.currency or said.currency == field.currency:
        return
    if field.kind != "money":
        raise Nonsense(f"{field.name} is no money", f"Leave {said.currency} out.", said.at)
    if field.currency:
        raise Nonsense(f"{field.name} is in {field.currency}, not {said.currency}", at=said.at)
    raise Nonsense(
        f"{field.name} has no currency", f"Give it the type: money in {said.currency}.", said.at
    )


def decimal_text(number: Decimal) -> str:
    """Return a number without exponent or useless zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def time_text(text: str) -> str | None:
    """Return a time as RFC 3339 in UTC with milliseconds, or None if it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    stamp = moment.astimezone(UTC)
    return stamp.strftime("%Y-%m-%dT%H:%M:%S.") + f"{stamp.microsecond // 1000:03}Z"


def _value(field: Field, said: Said) -> Value | None:
    match field.kind:
        case "yes_no":
            return _yes_no(said)
        case "whole":
            text = _number_text(said)
            return int(text) if text is not None and "." not in text else None
        case "number" | "money":
            return _decimal(field, said)
        case "choice":
            return _choice(field, said)
        case "text" | "link":
            return said.text if said.kind == "string" else None
        case "date":
            return said.text if said.kind in ("date", "string") and _is_date(said.text) else None
        case "time":
            return time_text(said.text) if said.kind in ("time", "string") else None
        case _:
            return None


def _yes_no(said: Said) -> bool | None:
    word = said.text.casefold()
    if said.kind not in _WORDS or word not in _YES | _NO:
        return None
    return word in _YES


def _number_text(said: Said) -> str | None:
    if said.kind in ("int", "decimal", "money"):
        return said.text
    try:
        number = Decimal(said.text) if said.kind == "string" else None
    except ArithmeticError:
        return None
    return format(number, "f") if number is not None and number.is_finite() else None


def _decimal(field: Field, said: Said) -> str | None:
    text = _number_text(said)
    if text is None:
        return None
    number = Decimal(text)
    if field.kind == "number":
        return decimal_text(number)
    places = MONEY_DECIMALS if field.decimals is None else field.decimals
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    return None if -exponent > places else format(number, f".{places}f")


def _choice(field: Field, said: Said) -> str | None:
    if said.kind not in _WORDS | {"int"}:
        return None
    exact = [choice for choice in field.choices if choice == said.text]
    loose = [choice for choice in field.choices if choice.casefold() == said.text.casefold()]
    return next(iter([*exact, *loose]), None)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
