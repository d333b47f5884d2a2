"""Whether clients of a contract can go on with another one. Pure.

Stricter than what the wire bears: a parameter that is dropped would be ignored in silence, so it
is refused as well. What only replies have may go (its number stays reserved).
"""

from collections.abc import Iterator

from aidevos.doors.typed.contract import Contract, Enum, Field, Message, Rpc


def complaints(old: Contract, new: Contract) -> tuple[str, ...]:
    """Return all that stubs of `old` could not do with `new`; empty if they go on as they are."""
    found: dict[str, None] = {}
    for rpc in old.rpcs:
        found |= dict.fromkeys(complaints_of(rpc, old, new))
    return tuple(found)


def complaints_of(rpc: Rpc, old: Contract, new: Contract) -> tuple[str, ...]:
    """Return what stubs of one rpc of `old` could not do with `new`."""
    now = new.rpc(rpc.name)
    if now is None:
        return (f"rpc {rpc.name} is gone",)
    if now.watch != rpc.watch:
        return (f"rpc {rpc.name} was a stream or has become one",)
    names = ((rpc.request, now.request), (rpc.response, now.response))
    if any(before != after for before, after in names):
        return (f"rpc {rpc.name} has other messages",)
    check = _Check(old, new)
    return (*check.message(rpc.request, asked=True), *check.message(rpc.response, asked=False))


class _Check:
    """Compares what can be reached from a message, each thing once for each direction."""

    def __init__(self, old: Contract, new: Contract) -> None:
        self._old = old
        self._new = new
        self._seen: set[tuple[str, bool]] = set()

    def message(self, name: str, *, asked: bool) -> Iterator[str]:
        """Yield complaints; `asked` says that clients send it."""
        if (name, asked) in self._seen:
            return
        self._seen.add((name, asked))
        before, after = self._old.message(name), self._new.message(name)
        if before is None:
            return  # A well-known type, or an enum.
        if after is None:
            yield f"message {name} is gone"
            return
        if (before.role, before.tag) != (after.role, after.tag):
            yield f"message {name} is of another kind"
        yield from _fields(before, after, asked=asked)
        for field in before.fields:
            if field.kind == "enum":
                yield from self._enum(field.type, asked=asked)
            elif field.kind == "message":
                yield from self.message(field.type, asked=asked)

    def _enum(self, name: str, *, asked: bool) -> Iterator[str]:
        before, after = self._old.enum(name), self._new.enum(name)
        if before is None or after is None:
            return  # Then the field has another type, which is told.
        if asked:
            yield from _values(before, after)


def _fields(before: Message, after: Message, *, asked: bool) -> Iterator[str]:
    now = {_known_by(field): field for field in after.fields}
    for field in before.fields:
        kept = now.get(_known_by(field))
        if kept is None:
            if asked:
                yield f"{before.name}.{field.name} is gone"
        elif kept.wire != field.wire:
            yield (
                f"{before.name}.{field.name} was {_shown(field.label, field.type)} and is "
                f"{_shown(kept.label, kept.type)}"
            )
        elif asked and kept.required and not field.required:
            yield f"{before.name}.{field.name} has become required"
    if asked:
        had = {_known_by(field) for field in before.fields}
        for known_by, field in now.items():
            if field.required and known_by not in had and after.role != "union":
                yield f"{before.name}.{field.name} is new and required"


def _known_by(field: Field) -> tuple[bool, str]:
    """The property of JSON; the platform's own fields have none."""
    return bool(field.json), field.json or field.name


def _values(before: Enum, after: Enum) -> Iterator[str]:
    now = {value.json for value in after.values}
    for value in before.values:
        if value.json not in now:
            yield f"{before.name}.{value.name} is gone"


def _shown(label: str, type_name: str) -> str:
    plain = type_name.rpartition(".")[2]
    return {"many": f"repeated {plain}", "map": f"map<string, {plain}>"}.get(label, plain)
