"""The states that stay in memory between turns: one shelf for each type of a tenant.

Small, for there may be a million: a key, an entry that the collector need not look at, and the
author's own state. What was activated stays as it came until its first turn needs it.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from aidevos.core import codec
from aidevos.core.ids import ObjectId
from aidevos.core.shrink import shrink
from aidevos.core.turn import Held
from aidevos.objects.definition import Definition
from aidevos.objects.fold import fold_state


class Entry(msgspec.Struct, gc=False, weakref=False):
    """One held object. Never part of a cycle, so the collector leaves it out."""

    state: Any
    version: int
    deleted: bool

    @property
    def exists(self) -> bool:
        """Whether the object is there for a reader."""
        return self.version > 0 and not self.deleted


class Shelf:
    """What is held of one type's objects of one tenant, by key."""

    __slots__ = ("_floors", "definition", "folds", "held", "tenant")

    def __init__(self, tenant: str, definition: Definition) -> None:
        """Begin empty."""
        self.tenant = tenant
        self.definition = definition
        self.folds = definition.folds_of
        self.held: dict[str, Entry | Held] = {}
        self._floors: dict[str, int] = {}
        """Versions of objects that failed turns took away: one activated below is out of date."""

    def put(self, key: str, held: Held) -> None:
        """Hold an object, unless it is held or `held` was sent before turns that are known here."""
        if key in self.held:
            return
        if self._floors:
            if held.version < self._floors.get(key, 0):
                return
            self._floors.pop(key, None)
        self.held[key] = held

    def answer(self, key: str, held: Held) -> None:
        """Hold what the host answers to a turn, unless it is held; it knows all turns before."""
        if key not in self.held:
            self._floors.pop(key, None)
            self.held[key] = held

    def drop(self, key: str) -> None:
        """Hold it no more, at its owner's word: whatever version comes next is right."""
        self.held.pop(key, None)
        self._floors.pop(key, None)

    def void(self, key: str, version: int) -> None:
        """Hold it no more, for a turn failed; what comes next has at least this version."""
        self.held.pop(key, None)
        if version:
            self._floors[key] = version

    def entry(self, key: str) -> Entry | None:
        """Return what is held, folded, or None. Raises as `fold_state` does."""
        found = self.held.get(key)
        if isinstance(found, Held):
            state = fold_state(self.definition, found)
            found = self.held[key] = Entry(state, found.version, found.deleted)
        return found

    def stored(self, key: str) -> Held | None:
        """Return what is held as it is stored, or None. Raises as `fold_state` does."""
        entry = self.entry(key)
        if entry is None:
            return None
        version = self.definition.state.schema_version
        return Held(entry.version, codec.to_json(entry.state), version, (), entry.deleted)


class Shelves:
    """All shelves of one service. Types that it does not have are held by none."""

    def __init__(self, definitions: dict[str, Definition]) -> None:
        """Begin empty."""
        self._definitions = definitions
        self._shelves: dict[tuple[str, str], Shelf] = {}

    def of(self, tenant: str, type_name: str) -> Shelf | None:
        """Return the shelf of a type, or None if the service has no such type."""
        found = self._shelves.get((tenant, type_name))
        if found is None and (definition := self._definitions.get(type_name)) is not None:
            found = self._shelves[tenant, type_name] = Shelf(tenant, definition)
        return found

    def put(self, object: ObjectId, held: Held) -> None:
        """Hold an object, unless it is held."""
        shelf = self.of(object.tenant, object.type)
        if shelf is not None:
            shelf.put(object.key, held)

    def answer(self, object: ObjectId, held: Held) -> None:
        """Hold what the host answers to a turn, unless it is held."""
        shelf = self.of(object.tenant, object.type)
        if shelf is not None:
            shelf.answer(object.key, held)

    def drop(self, objects: Iterable[ObjectId]) -> None:
        """Hold these no more."""
        changed: set[Shelf] = set()
        for object in objects:
            shelf = self._shelves.get((object.tenant, object.type))
            if shelf is not None:
                shelf.drop(object.key)
                changed.add(shelf)
        for shelf in changed:
            shrink(shelf.held)
