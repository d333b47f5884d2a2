"""What a JSON Schema node is, before it has a name in proto. Pure.

| JSON Schema of | proto |
|---|---|
| bool, int, float, str, bytes | bool, int64, double, string, bytes, always `optional` |
| datetime, timedelta | google.protobuf.Timestamp, Duration |
| date, time, UUID, Decimal | string; the handler judges it |
| Enum, Literal | enum with `_UNSPECIFIED = 0` |
| Struct; tagged union | message; message with a oneof |
| list, set, tuple[T, ...]; dict | repeated; map with string keys |
| T or None | as T, not set for None |
| all else | google.protobuf.Value |

What proto cannot hold (a list or None, lists in lists, None in lists, untagged unions) is a
google.protobuf.Value too, so that every method can be called; its comment names the way out.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

Node = Mapping[str, Any]

TIMESTAMP, DURATION, VALUE = (f"google.protobuf.{n}" for n in ("Timestamp", "Duration", "Value"))
WELL_KNOWN = frozenset((TIMESTAMP, DURATION, VALUE))
_SCALARS = {"boolean": "bool", "integer": "int64", "number": "double", "string": "string"}
_FORMATS = {"date-time": TIMESTAMP, "duration": DURATION}
_SHOWN = {
    "date": "A date, such as 2026-11-25.",
    "time": "A time of day, such as 10:30:00Z.",
    "partial-time": "A time of day, such as 10:30:00.",
    "uuid": "A UUID.",
    "decimal": "A decimal number, exact.",
}
_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "matching {}",
}


class Inner(NamedTuple):
    """A node without its null."""

    node: Node
    nullable: bool


def without_null(node: Node) -> Inner:
    """Return a node apart from whether it may be null."""
    if "enum" in node and None in node["enum"]:
        return Inner({**node, "enum": [value for value in node["enum"] if value is not None]}, True)
    parts = node.get("anyOf")
    if parts is None or "discriminator" in node:
        return Inner(node, False)
    others = [part for part in parts if part.get("type") != "null"]
    if len(others) == len(parts):
        return Inner(node, False)
    rest = {name: value for name, value in node.items() if name != "anyOf"}
    if len(others) == 1:
        return Inner({**rest, **others[0]}, True)
    return Inner({**rest, "anyOf": others}, True)


def resolved(node: Node, named: Mapping[str, Node]) -> tuple[str, Node]:
    """Return the name (empty for one without) and the node that `node` is or refers to."""
    if "$ref" not in node:
        return str(node.get("title", "")), node
    name = node["$ref"].rpartition("/")[2]
    return str(named[name].get("title", name)), named[name]


def scalar_of(node: Node) -> str:
    """Return the proto type of a node that is a scalar or a time; empty for any other."""
    if node.get("contentEncoding") == "base64":
        return "bytes"
    kind = node.get("type")
    if kind == "string" and node.get("format") in _FORMATS:
        return _FORMATS[node["format"]]
    return _SCALARS.get(kind, "") if isinstance(kind, str) and "enum" not in node else ""


def is_enum(node: Node) -> bool:
    """Whether a node is an enum that proto can name: of texts, or of whole numbers."""
    values = node.get("enum", ())
    return bool(values) and all(
        isinstance(value, str | int) and not isinstance(value, bool) for value in values
    )


def is_union(node: Node) -> bool:
    """Whether a node is a tagged union with text tags."""
    return "discriminator" in node and all(
        isinstance(tag, str) and tag for tag in node["discriminator"]["mapping"]
    )


def is_struct(node: Node) -> bool:
    """Whether a node is an object with fields of its own."""
    return node.get("type") == "object" and "properties" in node


def remarks(node: Node, *, required: bool) -> str:
    """Return in words what proto does not say of a field: bounds, default, format."""
    told = [str(node["description"])] if "description" in node else []
    if required:
        told.append("Required.")
    inner = without_null(node).node
    if shown := _SHOWN.get(inner.get("format", "")):
        told.append(shown)
    bounds = [text.format(inner[name]) for name, text in _BOUNDS.items() if name in inner]
    if bounds and "prefixItems" not in inner:
        sentence = ", ".join(bounds)
        told.append(f"{sentence[0].upper()}{sentence[1:]}.")
    if not required and node.get("default") is not None:
        told.append(f"Default: {msgspec.json.encode(node['default']).decode()}.")
    return "\n".join(told)
