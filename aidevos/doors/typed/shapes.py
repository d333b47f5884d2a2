"""JSON Schemas -> messages, enums and fields, each named type once. Pure.

Names are given in the order in which types are met. A type is the same one as another if its
schema is, with all that it refers to.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from aidevos.doors.typed.contract import ONEOF, Absent, Enum, EnumValue, Field, Message
from aidevos.doors.typed.names import Names, camel, field_name, upper
from aidevos.doors.typed.schemas import (
    VALUE,
    WELL_KNOWN,
    Node,
    is_enum,
    is_struct,
    is_union,
    remarks,
    resolved,
    scalar_of,
    without_null,
)

_ANY = Field(name="", kind="message", type=VALUE)
_NO_LIST_OR_NONE = "Any JSON: a list or map that may be null. Leave null out for a typed field."
_NOT_PLAIN = "Any JSON: what proto has no type for. Use a Struct for a typed field."


class Place(NamedTuple):
    """Where a node stands: the message and property that an unnamed type is named by."""

    owner: str
    json: str
    named: Mapping[str, Node]


class Shapes:
    """Collects the messages and enums of one contract."""

    def __init__(self, names: Names) -> None:
        """Give names beside those of `names`."""
        self.messages: list[Message] = []
        self.enums: list[Enum] = []
        self._names, self._values = names, Names()  # Values of all enums share a scope in proto.
        self._known: dict[bytes, str] = {}

    def fields(
        self, owner: str, node: Node, named: Mapping[str, Node], taken: tuple[str, ...] = ()
    ) -> tuple[Field, ...]:
        """Return the fields of an object's schema; a name in `taken` gets `arg_` before it."""
        names, required = Names(*taken), set(node.get("required", ()))
        made = []
        for json, property in node.get("properties", {}).items():
            field = self.field(property, Place(owner, json, named), json in required)
            name = field_name(json)
            name = f"arg_{name}" if name in taken else name
            made.append(replace(field, name=names.free(name)))
        return tuple(made)

    def field(self, node: Node, place: Place, required: bool) -> Field:
        """Return the field of one property, without number; its name is the property's."""
        inner, nullable = without_null(node)
        found = self._shape(inner, place)
        absent = _absent(found, required=required, nullable=nullable)
        doc = remarks(node, required=required and absent == "omit")
        if nullable and found.label != "one":
            found, doc = _ANY, _told(doc, _NO_LIST_OR_NONE)
        elif found.type == VALUE and inner and "default" not in inner:
            doc = _told(doc, _NOT_PLAIN)
        can_clear = nullable and not required and node.get("default", 0) is not None
        return replace(
            found,
            name=field_name(place.json),
            json=place.json,
            required=required and absent == "omit",
            nullable=can_clear,
            absent=absent,
            doc=doc,
        )

    def _shape(self, node: Node, place: Place) -> Field:
        name, found = resolved(node, place.named)
        if scalar := scalar_of(found):
            return Field(name="", kind="message" if scalar in WELL_KNOWN else "scalar", type=scalar)
        if is_enum(found):
            return Field(name="", kind="enum", type=self._enum(name, found, place))
        if is_struct(found):
            return Field(name="", kind="message", type=self._message(name, found, place))
        if is_union(found):
            return Field(name="", kind="message", type=self._union(found, place))
        return self._container(found, place)

    def _container(self, node: Node, place: Place) -> Field:
        kind = node.get("type")
        if kind == "array" and "prefixItems" not in node:
            return replace(self._item(node.get("items", {}), place), label="many")
        if kind == "object":
            items = node.get("additionalProperties", {})
            return replace(self._item(items if isinstance(items, dict) else {}, place), label="map")
        return _ANY

    def _item(self, node: Node, place: Place) -> Field:
        """Return the shape of an item; one that is a container or may be null is any JSON."""
        inner, nullable = without_null(node)
        found = _ANY if nullable else self._shape(inner, place)
        return found if found.label == "one" else _ANY

    # ---- named types -------------------------------------------------------------------------

    def _message(self, name: str, node: Node, place: Place) -> str:
        key = _key(name, node, place.named)
        if key not in self._known:
            own = self._known[key] = self._names.free(camel(name or f"{place.owner}_{place.json}"))
            constants = _constants(node)
            rest = {n: p for n, p in node["properties"].items() if n not in constants}
            fields = self.fields(own, {**node, "properties": rest}, place.named)
            doc = str(node.get("description", ""))
            made = Message(name=own, fields=fields, constants=constants, doc=doc)
            self.messages.append(made)
        return self._known[key]

    def _union(self, node: Node, place: Place) -> str:
        key = _key("", node, place.named)
        if key not in self._known:
            own = self._known[key] = self._names.free(camel(f"{place.owner}_{place.json}"))
            names, fields = Names(ONEOF), []
            for tag, ref in node["discriminator"]["mapping"].items():
                member = self._shape({"$ref": ref}, place)
                fields.append(replace(member, name=names.free(field_name(tag)), json=tag))
            tag = node["discriminator"]["propertyName"]
            self.messages.append(Message(name=own, fields=tuple(fields), role="union", tag=tag))
        return self._known[key]

    def _enum(self, name: str, node: Node, place: Place) -> str:
        key = _key(name or f"{place.owner}.{place.json}", node, place.named)
        if key not in self._known:
            own = self._known[key] = self._names.free(camel(name or f"{place.owner}_{place.json}"))
            self._values.free(f"{upper(own)}_UNSPECIFIED")
            values = tuple(
                EnumValue(name=self._values.free(f"{upper(own)}_{value_name(value)}"), json=value)
                for value in node["enum"]
            )
            doc = str(node.get("description", ""))
            self.enums.append(Enum(name=own, values=values, doc=doc))
        return self._known[key]


def value_name(value: str | int) -> str:
    """Return the last part of an enum value's name."""
    if isinstance(value, str):
        return upper(value).removeprefix("X_") if value[:1].isdigit() else upper(value)
    return str(value) if value >= 0 else f"MINUS_{-value}"


def _absent(found: Field, *, required: bool, nullable: bool) -> Absent:
    if not required:
        return "omit"
    if found.label != "one":
        return "empty"
    return "null" if nullable else "omit"


def _constants(node: Node) -> dict[str, str | int]:
    """Return the properties that have one value alone: a union's tag in its members."""
    required = set(node.get("required", ()))
    return {
        name: property["enum"][0]
        for name, property in node["properties"].items()
        if name in required and len(property.get("enum", ())) == 1 and is_enum(property)
    }


def _key(name: str, node: Node, named: Mapping[str, Node]) -> bytes:
    """Return what tells two types apart: the schema with all that it refers to."""
    reached: dict[str, Node] = {}
    waiting: list[Any] = [node]
    while waiting:
        one = waiting.pop()
        waiting += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        ref = one.get("$ref", "") if isinstance(one, dict) else ""
        target = ref.rpartition("/")[2] if isinstance(ref, str) else ""
        if target in named and target not in reached:
            reached[target] = named[target]
            waiting.append(named[target])
    plain = {part: value for part, value in node.items() if part not in ("$defs", "default")}
    return msgspec.json.encode((name, plain, sorted(reached.items())), order="deterministic")


def _told(*sentences: str) -> str:
    return "\n".join(filter(None, sentences))
