"""The JSON Schema that a type exports, with what msgspec leaves out: which texts are times.

msgspec writes a `datetime` that may be without a zone as a plain string. Doors that have a type of
their own for times need to know, so `"format": "date-time"` is entered here (not for times that
must be without a zone: those are no moments).
"""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect as mi

Schema = dict[str, Any]
_FIELDED = (mi.StructType, mi.DataclassType, mi.NamedTupleType, mi.TypedDictType)


def schema(kind: Any) -> Schema:
    """Return the JSON Schema with the type itself at the top, and those it refers to in `$defs`."""
    made = msgspec.json.schema(kind)
    _Times(made.get("$defs", {})).mark(mi.type_info(kind), made)
    if "$ref" not in made:
        return made
    others = dict(made["$defs"])
    own = others.pop(made["$ref"].rpartition("/")[2])
    if _refers(made["$ref"], made["$defs"]):
        return {**own, "$defs": made["$defs"]}
    return {**own, "$defs": others} if others else dict(own)


def _refers(ref: str, node: Any) -> bool:
    """Whether `ref` is used in a schema: a type may hold others of its own."""
    if isinstance(node, dict):
        return node.get("$ref") == ref or any(_refers(ref, part) for part in node.values())
    return isinstance(node, list) and any(_refers(ref, part) for part in node)


class _Times:
    """Walks a type and its schema side by side, every named type once."""

    def __init__(self, named: dict[str, Schema]) -> None:
        self._named = named
        self._seen: set[object] = set()

    def mark(self, info: mi.Type, node: Schema) -> None:
        """Enter the format of times in `node`, the schema of `info`."""
        match info:
            case mi.Metadata():
                self.mark(info.type, node)
            case mi.DateTimeType() if info.tz is not False:
                node.setdefault("format", "date-time")
            case mi.UnionType():
                for part in info.types:
                    self._mark_one_of(part, node)
            case mi.CollectionType() if "items" in node:
                self.mark(info.item_type, node["items"])
            case mi.TupleType() if "prefixItems" in node:
                for part, place in zip(info.item_types, node["prefixItems"], strict=True):
                    self.mark(part, place)
            case mi.DictType() if "additionalProperties" in node:
                self.mark(info.value_type, node["additionalProperties"])
            case _ if isinstance(info, _FIELDED) and info.cls not in self._seen:
                self._seen.add(info.cls)
                self._mark_fields(info)

    def _mark_one_of(self, info: mi.Type, node: Schema) -> None:
        """A union has at most one type of each JSON kind, named ones apart."""
        plain = info.type if isinstance(info, mi.Metadata) else info
        wanted = _json_kind(plain)
        for place in _parts(node):
            if wanted == "" or place.get("type") == wanted:
                self.mark(info, place)
                return

    def _mark_fields(self, info: Any) -> None:
        """Mark the fields of a class in its own entry; one in `$ref` form has it in `$defs`."""
        properties = self._entry(info.cls).get("properties", {})
        for field in info.fields:
            name = getattr(field, "encode_name", field.name)
            if name in properties:
                self.mark(field.type, properties[name])

    def _entry(self, cls: type) -> Schema:
        """Return a class's schema: under its name, or under its full one where two share it."""
        full = f"{cls.__module__}.{cls.__qualname__}"
        names = (cls.__name__, "".join(c if c.isalnum() or c in ".-_" else "_" for c in full))
        return next((self._named[name] for name in names if name in self._named), {})


def _json_kind(info: mi.Type) -> str:
    """Return the JSON type by which a part of a union is found; empty for one with a name."""
    match info:
        case mi.DateTimeType():
            return "string"
        case mi.CollectionType() | mi.TupleType():
            return "array"
        case mi.DictType():
            return "object"
    return "" if isinstance(info, _FIELDED) else "none"


def _parts(node: Schema) -> Iterator[Schema]:
    """Yield the alternatives of a union's schema."""
    if "anyOf" not in node:
        yield node
    for part in node.get("anyOf", ()):
        yield from _parts(part)
