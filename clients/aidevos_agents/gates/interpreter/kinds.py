"""From JSON, or the text of a query string, to a value of a field's kind: is the type right?"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from urllib.parse import urlsplit

from aidevos_agents.gates.interpreter.refusal import Violation
from aidevos_agents.gates.interpreter.times import canonical_date, canonical_time
from aidevos_agents.gates.interpreter.world import Value, World
from aidevos_agents.spec.model import Field

MONEY_DECIMALS = 2
_MONEY = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_WHOLE = re.compile(r"-?[0-9]+")
_BAD_TEXT = re.compile("[\x00\ud800-\udfff]")


def typed(field: Field, raw: object, world: World) -> Value:
    """Return the value of JSON `raw`, or raise Violation TYPE (NOT_THERE for a reference)."""
    return _READERS[field.kind](field, raw, world)


def typed_text(field: Field, text: str, world: World) -> Value:
    """Return the value of a query string's text, or raise Violation TYPE."""
    match field.kind:
        case "yes_no":
            answers = {"true": True, "yes": True, "false": False, "no": False}
            return _known(answers.get(text))
        case "whole":
            return int(_matching(_WHOLE, text))
        case "number":
            return _decimal(field, Decimal(_matching(_MONEY, text)))
        case "choice":
            return _known(text if text in field.choices else None)
        case "reference":
            row = world.find(field.of, text)
            return row.ref if row else text
        case "list":
            return text
        case _:
            return typed(field, text, world)


def _known(value: Value) -> Value:
    if value is None:
        raise Violation("TYPE")
    return value


def _matching(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise Violation("TYPE")
    return text


def _string(raw: object) -> str:
    if not isinstance(raw, str):
        raise Violation("TYPE")
    return raw


def clean(raw: object) -> str:
    """Return text without U+0000 and lone surrogates, or raise Violation TYPE."""
    text = _string(raw)
    if _BAD_TEXT.search(text):
        raise Violation("TYPE")
    return text


def _yes_no(_field: Field, raw: object, _world: World) -> Value:
    if not isinstance(raw, bool):
        raise Violation("TYPE")
    return raw


def _whole(_field: Field, raw: object, _world: World) -> Value:
    if not isinstance(raw, int) or isinstance(raw, bool):
        raise Violation("TYPE")
    return raw


def _number(field: Field, raw: object, _world: World) -> Value:
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
        raise Violation("TYPE")
    return _decimal(field, Decimal(raw))


def _decimal(field: Field, value: Decimal) -> Decimal:
    if field.decimals is not None and digits_after_point(value) > field.decimals:
        raise Violation("TYPE")
    return value


def _money(field: Field, raw: object, _world: World) -> Value:
    text = _matching(_MONEY, _string(raw))
    _, _, fraction = text.partition(".")
    if len(fraction) > money_decimals(field):
        raise Violation("TYPE")
    return Decimal(text)


def _text(_field: Field, raw: object, _world: World) -> Value:
    return clean(raw)


def _choice(_field: Field, raw: object, _world: World) -> Value:
    return _string(raw)


def _date(_field: Field, raw: object, _world: World) -> Value:
    return _known(canonical_date(_string(raw)))


def _time(_field: Field, raw: object, _world: World) -> Value:
    return _known(canonical_time(_string(raw)))


def _link(_field: Field, raw: object, _world: World) -> Value:
    text = clean(raw)
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    return _known(text if good else None)


def _list(_field: Field, raw: object, _world: World) -> Value:
    if not isinstance(raw, list):
        raise Violation("TYPE")
    return tuple(raw)


def _reference(field: Field, raw: object, world: World) -> Value:
    row = world.find(field.of, _string(raw))
    if row is None:
        raise Violation("NOT_THERE")
    return row.ref


def digits_after_point(value: Decimal) -> int:
    """Return how many digits follow the point, trailing zeros not counted."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def money_decimals(field: Field) -> int:
    """Return the digits after the point of a money field."""
    return MONEY_DECIMALS if field.decimals is None else field.decimals


_READERS: dict[str, Callable[[Field, object, World], Value]] = {
    "text": _text,
    "yes_no": _yes_no,
    "whole": _whole,
    "number": _number,
    "money": _money,
    "choice": _choice,
    "list": _list,
    "time": _time,
    "date": _date,
    "link": _link,
    "reference": _reference,
}
