"""What a typed call needs of its method, worked out once: argument names, reply type."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from aidevos.core.errors import InvalidArgumentError
from aidevos.objects.methods import Method
from aidevos.objects.object import DurableObject

_encode = msgspec.json.Encoder().encode


class Binding:
    """One command or query: its arguments to JSON, its reply from JSON."""

    def __init__(self, name: str, method: Method) -> None:
        """Read what `method` takes and returns."""
        self.name = name
        self.reply = msgspec.json.Decoder(method.returns).decode
        """Return a reply as the class types it."""
        self._where = method.where
        self._fields = method.arguments.__struct_fields__
        self._wire_names = dict(
            zip(self._fields, method.arguments.__struct_encode_fields__, strict=True)
        )
        renamed = any(name != wire for name, wire in self._wire_names.items())
        self._as_written = frozenset[str]() if renamed else frozenset(self._fields)
        """Names that are the same in JSON; empty if some are not."""

    def payload(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> bytes:
        """Return the given arguments as JSON. Raises InvalidArgumentError for unknown ones."""
        if not args:
            if not kwargs:
                return b"{}"
            if self._as_written.issuperset(kwargs):
                return _encode(kwargs)
        return _encode(self._by_wire_name(args, kwargs))

    def _by_wire_name(
        self, args: tuple[object, ...], kwargs: Mapping[str, object]
    ) -> dict[str, object]:
        given = {**dict(zip(self._fields, args, strict=False)), **kwargs}
        unknown = [name for name in given if name not in self._wire_names]
        if unknown or len(args) > len(self._fields):
            named = ", ".join(unknown) or f"more than {len(self._fields)} arguments"
            raise InvalidArgumentError(f"{self._where} does not take {named}", field=named)
        return {self._wire_names[name]: value for name, value in given.items()}


@cache
def bindings_of(kind: type[DurableObject]) -> dict[str, Binding]:
    """Return the bindings of a class's commands and queries by name."""
    methods: Mapping[str, Any] = kind.definition.methods
    return {name: Binding(name, method) for name, method in methods.items()}
