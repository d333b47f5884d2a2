"""JSON values <-> google.protobuf.Value and Struct, times <-> Timestamp. Pure translation."""

import math
from collections.abc import Mapping
from typing import Any

from google.protobuf.struct_pb2 import NULL_VALUE, ListValue, Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp

from aidevos.core.errors import InvalidArgumentError

_WHOLE_MAX = 1 << 53


def from_value(value: Value) -> Any:
    """Return plain JSON values; whole numbers are ints. An unset Value is null."""
    match value.WhichOneof("kind"):
        case "number_value":
            return _number(value.number_value)
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case "struct_value":
            return from_struct(value.struct_value)
        case "list_value":
            return [from_value(item) for item in value.list_value.values]
    return None


def from_struct(struct: Struct) -> dict[str, Any]:
    """Return a plain JSON object, its names in order."""
    return {name: from_value(struct.fields[name]) for name in sorted(struct.fields)}


def to_value(plain: Any) -> Value:
    """Return the Value of plain JSON values."""
    if plain is None:
        return Value(null_value=NULL_VALUE)
    if isinstance(plain, bool):
        return Value(bool_value=plain)
    if isinstance(plain, int | float):
        return Value(number_value=plain)
    if isinstance(plain, str):
        return Value(string_value=plain)
    if isinstance(plain, Mapping):
        return Value(struct_value=to_struct(plain))
    return Value(list_value=ListValue(values=[to_value(item) for item in plain]))


def to_struct(plain: Mapping[str, Any]) -> Struct:
    """Return the Struct of a plain JSON object."""
    return Struct(fields={name: to_value(value) for name, value in plain.items()})


def time_to(ms: int) -> Timestamp | None:
    """Return the Timestamp of Unix ms; None for 0, which is no time."""
    if not ms:
        return None
    moment = Timestamp()
    moment.FromMilliseconds(ms)
    return moment


def _number(number: float) -> int | float:
    if not math.isfinite(number):
        raise InvalidArgumentError("numbers are finite", field="content")
    return int(number) if number.is_integer() and abs(number) <= _WHOLE_MAX else number
