"""Gives fields and values their numbers: those they have had, else the next that never was. Pure.

A property of JSON, not a name, is what a field is known by: it keeps the name that it got first,
as long as its type stays. What has another type is another field.
What is gone is reserved; what comes back after that gets a new number.
"""

from collections.abc import Iterable
from typing import TypeVar

from msgspec.structs import replace

from aidevos.doors.typed.contract import (
    FIRST_OF_AUTHOR,
    Contract,
    Enum,
    EnumValue,
    Field,
    Message,
    Reserved,
)
from aidevos.doors.typed.names import Names

M = TypeVar("M", Message, Enum)
NUMBER_MAX = (1 << 29) - 1
_PROTO_KEEPS = range(19_000, 20_000)
_EMPTY_MESSAGE, _EMPTY_ENUM = Message(name=""), Enum(name="", values=())


def numbered(new: Contract, before: Contract | None) -> Contract:
    """Return `new` with numbers, going on from `before`, the same major of the same package."""
    if before is None:
        before = replace(new, rpcs=(), messages=(), enums=())
    old_messages = {m.name: m for m in (*before.retired_messages, *before.messages)}
    old_enums = {e.name: e for e in (*before.retired_enums, *before.enums)}
    messages = tuple(
        _message(message, old_messages.get(message.name, _EMPTY_MESSAGE))
        for message in new.messages
    )
    enums = tuple(_enum(enum, old_enums.get(enum.name, _EMPTY_ENUM)) for enum in new.enums)
    return replace(
        new,
        package=before.package,
        major=before.major,
        messages=messages,
        enums=enums,
        retired_messages=_others(old_messages, messages),
        retired_enums=_others(old_enums, enums),
    )


def _others(old: dict[str, M], now: tuple[M, ...]) -> tuple[M, ...]:
    return tuple(value for name, value in old.items() if name not in {part.name for part in now})


def _message(new: Message, old: Message) -> Message:
    wires = {field.json: field.wire for field in new.fields}
    own = [field for field in old.fields if field.json]
    known = {field.json: field for field in own if wires.get(field.json) == field.wire}
    names = Names(*(f.name for f in old.fields), *(r.name for r in old.reserved))
    first = 1 if new.role in ("value", "union") else FIRST_OF_AUTHOR
    free = _Free(first, (*(f.number for f in old.fields), *(r.number for r in old.reserved)))
    fields: list[Field] = []
    for field in new.fields:
        if not field.json:
            fields.append(field)  # The platform's: its number is a constant.
        elif same := known.get(field.json):
            fields.append(replace(field, name=same.name, number=same.number))
        else:
            fields.append(replace(field, name=names.free(field.name), number=free.take()))
    kept = {field.number for field in fields}
    gone = tuple(Reserved(field.number, field.name) for field in own if field.number not in kept)
    return replace(new, fields=tuple(fields), reserved=(*old.reserved, *gone))


def _enum(new: Enum, old: Enum) -> Enum:
    known = {value.json: value for value in old.values}
    names = Names(*(v.name for v in old.values), *(r.name for r in old.reserved))
    free = _Free(1, (*(v.number for v in old.values), *(r.number for r in old.reserved)))
    values: list[EnumValue] = []
    for value in new.values:
        if kept := known.pop(value.json, None):
            values.append(kept)
        else:
            values.append(replace(value, name=names.free(value.name), number=free.take()))
    gone = tuple(Reserved(value.number, value.name) for value in known.values())
    return replace(new, values=tuple(values), reserved=(*old.reserved, *gone))


class _Free:
    """Numbers that were never given, in order."""

    def __init__(self, first: int, used: Iterable[int]) -> None:
        self._next = max((first, *(number + 1 for number in used)))

    def take(self) -> int:
        """Return the next number; proto keeps 19000 to 19999 for itself."""
        if self._next in _PROTO_KEEPS:
            self._next = _PROTO_KEEPS.stop
        assert self._next <= NUMBER_MAX
        self._next += 1
        return self._next - 1
