"""Text of query strings and forms as JSON, by the kinds that a manifest names.

Numbers keep their digits: they pass as text of JSON, never through a float.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec

from aidevos.core.errors import InvalidArgumentError, Violation
from aidevos.doors.app_manifest import FieldType

Raw = msgspec.Raw
Arguments = dict[str, Raw]

NULL = Raw(b"null")
_YES = frozenset(("true", "yes", "on", "1"))
_NO = frozenset(("false", "no", "off", "0"))
_DIGITS = {
    "integer": re.compile(r"-?(0|[1-9][0-9]*)"),
    "number": re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?"),
}
_LOCAL_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?")
_EXPECTED = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "time": "a time such as 2026-11-25T10:00:00Z",
    "date": "a date such as 2026-11-25",
}


def text(value: str) -> Raw:
    """Return a JSON string; a half of a surrogate pair, which JSON cannot hold, becomes `?`."""
    return Raw(msgspec.json.encode(value.encode("utf-8", "replace").decode()))


def as_json(kind: FieldType, values: Sequence[str]) -> Raw | None:
    """Return the last of `values` (a list takes all) as JSON, or None if it does not fit."""
    if kind.kind == "list":
        return Raw(b"[" + b",".join(bytes(text(value)) for value in values) + b"]")
    value = values[-1]
    match kind.kind:
        case "integer" | "number":
            return Raw(value.encode()) if _DIGITS[kind.kind].fullmatch(value) else None
        case "boolean":
            word = value.lower()
            return Raw(b"true") if word in _YES else Raw(b"false") if word in _NO else None
        case "time" | "date":
            return text(value) if _is_time(kind.kind, value) else None
    return text(value)


def from_query(
    takes: Mapping[str, FieldType], query: Sequence[tuple[str, str]]
) -> tuple[Arguments, tuple[Violation, ...]]:
    """Return the arguments in a query string, and what does not fit. Empty values are absent."""
    arguments: Arguments = {}
    wrong: list[Violation] = []
    for name, kind in takes.items():
        values = [value for key, value in query if key == name and value]
        if not values:
            continue
        read = as_json(kind, values)
        if read is None:
            wrong.append(Violation(name, "TYPE", f"{name} must be {_EXPECTED[kind.kind]}"))
        else:
            arguments[name] = read
    return arguments, tuple(wrong)


def need_fit(wrong: tuple[Violation, ...]) -> None:
    """Raise InvalidArgumentError if anything does not fit."""
    if wrong:
        raise InvalidArgumentError("; ".join(v.detail for v in wrong), violations=wrong)


def from_form(
    takes: Mapping[str, FieldType], fields: Sequence[tuple[str, str]], *, on_thing: bool
) -> Arguments:
    """Return the arguments that a form gives; see FieldType for what an empty value is."""
    arguments: Arguments = {}
    for name, kind in takes.items():
        values = [value for key, value in fields if key == name]
        if not values:
            continue  # The form does not ask for it.
        if kind.kind == "list":
            values = [line.strip() for value in values for line in value.splitlines()]
            values = [value for value in values if value]
        read = _form_value(kind, values, on_thing=on_thing)
        if read is not None:
            arguments[name] = read
    return arguments


def _form_value(kind: FieldType, values: list[str], *, on_thing: bool) -> Raw | None:
    if kind.kind == "list":
        if values or kind.required:
            return as_json(kind, values)
        return NULL if on_thing else None
    value = values[-1]
    if value == "":
        if kind.required:
            return text("") if kind.kind == "text" else NULL
        return NULL if on_thing else None
    if kind.kind == "time" and _LOCAL_TIME.fullmatch(value):
        value += "Z" if value.count(":") > 1 else ":00Z"
    read = as_json(kind, [value])
    return text(value) if read is None else read


def _is_time(kind: str, value: str) -> bool:
    try:
        date.fromisoformat(value) if kind == "date" else datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
