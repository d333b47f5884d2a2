"""What each kind of field is in code: types, defaults, constants, JSON, and inputs of the door."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from aidevos.doors.app_manifest import FieldType
from aidevos_agents.generate.layout import quoted
from aidevos_agents.spec.model import Field, Value

MONEY_DECIMALS = 2
TYPES = {
    "text": "str", "choice": "str", "link": "str", "reference": "str", "yes_no": "bool",
    "whole": "int", "number": "Decimal", "money": "Decimal", "list": "Texts", "time": "Moment",
    "date": "Day",
}  # fmt: skip
CLASSES = {
    "text": "Text", "choice": "Choice", "link": "Link", "reference": "Reference",
    "yes_no": "YesNo", "whole": "Whole", "number": "Number", "money": "Money", "list": "Items",
    "time": "Time", "date": "Date",
}  # fmt: skip
_ZEROS = {
    "text": '""', "link": '""', "reference": '""', "yes_no": "False", "whole": "0",
    "number": "Decimal(0)", "money": "Decimal(0)", "list": "()",
}  # fmt: skip
_DOOR = {
    "text": "text", "yes_no": "boolean", "whole": "integer", "number": "number", "money": "text",
    "choice": "choice", "list": "list", "time": "time", "date": "date", "link": "link",
    "reference": "text",
}  # fmt: skip


def annotation(field: Field, absent: bool) -> str:
    """Return the type of the field's values in states."""
    return f"{TYPES[field.kind]} | None" if absent else TYPES[field.kind]


def event_annotation(field: Field, absent: bool) -> str:
    """Return the type of the field in an event that may leave it as it is."""
    return f"{TYPES[field.kind]} | Unset | None" if absent else f"{TYPES[field.kind]} | Unset"


def constant(value: Value, kind: str) -> str:
    """Return a value of the model as code."""
    match kind:
        case "yes_no" | "whole":
            return str(value)
        case "number" | "money":
            return decimal(str(value))
        case "date":
            return f"Day.fromisoformat({quoted(str(value))})"
        case "time":
            return f"Moment.fromisoformat({quoted(str(value).replace('Z', '+00:00'))})"
    return quoted(str(value))


def decimal(text: str) -> str:
    """Return an exact decimal number as code."""
    value = Decimal(text)
    plain = str(int(value)) if value == value.to_integral_value() and "." not in text else ""
    return f"Decimal({plain or quoted(text)})"


def state_default(field: Field, absent: bool) -> str:
    """Return what the field is in the state before the first event."""
    if field.default is not None:
        return constant(field.default, field.kind)
    if absent:
        return "None"
    return quoted(field.choices[0]) if field.kind == "choice" else _ZEROS[field.kind]


def constructor(field: Field) -> list[str]:
    """Return the arguments of the field's class."""
    parts = _PARTS.get(field.kind, _nothing)(field)
    return [quoted(field.name), *(f"{name}={text}" for name, text in parts if text)]


Parts = list[tuple[str, str]]


def _nothing(field: Field) -> Parts:
    return []


def _text(field: Field) -> Parts:
    classes = ", ".join(quoted(name) for name in field.characters)
    comma = "," if len(field.characters) == 1 else ""
    return [
        ("shortest", _number(field.shortest)),
        ("longest", _number(field.longest)),
        ("characters", f"({classes}{comma})" if classes else ""),
    ]


def _whole(field: Field) -> Parts:
    return [("minimum", field.minimum or ""), ("maximum", field.maximum or "")]


def _exact(field: Field) -> Parts:
    return [
        ("minimum", decimal(field.minimum) if field.minimum else ""),
        ("maximum", decimal(field.maximum) if field.maximum else ""),
        ("decimals", _number(field.decimals)),
    ]


def _choice(field: Field) -> Parts:
    comma = "," if len(field.choices) == 1 else ""
    return [("choices", f"({', '.join(quoted(choice) for choice in field.choices)}{comma})")]


def _items(field: Field) -> Parts:
    return [
        ("fewest_items", _number(field.fewest_items)),
        ("most_items", _number(field.most_items)),
        ("shortest", _number(field.shortest)),
        ("longest", _number(field.longest)),
        ("distinct", "True" if field.distinct else ""),
    ]


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


_PARTS: dict[str, Callable[[Field], Parts]] = {
    "text": _text,
    "whole": _whole,
    "number": _exact,
    "money": _exact,
    "choice": _choice,
    "list": _items,
}


def as_json(field: Field, text: str) -> str:
    """Return code that turns the value `text` into its JSON."""
    match field.kind:
        case "number":
            return f"fields.number_json({text})"
        case "money":
            digits = field.decimals if field.decimals is not None else MONEY_DECIMALS
            return f"fields.money_json({text}, {digits})"
        case "time":
            return f"fields.time_json({text})"
        case "date":
            return f"fields.date_json({text})"
    return text


def door_type(field: Field, *, required: bool = False) -> FieldType:
    """Return how the door reads the field from a form, and how the API's document names it."""
    return FieldType(
        kind=_DOOR[field.kind],  # type: ignore[arg-type]
        choices=field.choices,
        required=required,
        label=field.name.replace("_", " "),
    )
