"""Instances that stay in memory between turns, for types with activate or deactivate hooks.

Their `state` is set anew for every turn from what is held, so an instance that stayed can never
carry a state that was taken back. All other types get a fresh instance per turn.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from aidevos.core.ids import ObjectId
from aidevos.objects.definition import Definition
from aidevos.objects.object import DurableObject
from aidevos.objects.shelf import Entry, Shelf
from aidevos.objects.unit import Unit

ACTIVE_MAX = 1_000
"""Instances in memory per service; more deactivate the one unused for longest."""


class Activations:
    """Live instances by object, least recently used first."""

    def __init__(self, limit: int = ACTIVE_MAX) -> None:
        """Begin empty."""
        self._limit = limit
        self._active: OrderedDict[ObjectId, Any] = OrderedDict()

    def instance(self, shelf: Shelf, key: str, entry: Entry) -> Any:
        """Return the instance in memory, or a fresh one, activated with its held state."""
        definition = shelf.definition
        if not has_hooks(definition):
            return definition.new()
        found = self._active.get(ObjectId(shelf.tenant, definition.name, key))
        if found is not None:
            return found
        instance = definition.new()
        instance.state = entry.state
        instance.activate()
        return instance

    def keep(self, units: Iterable[Unit]) -> None:
        """Take the instances of a turn that ends well."""
        for unit in units:
            if not has_hooks(unit.definition):
                continue
            if unit.deleted:
                self._active.pop(unit.object, None)
                unit.instance.deactivate("deleted")
                continue
            self._active[unit.object] = unit.instance
            self._active.move_to_end(unit.object)
        while len(self._active) > self._limit:
            _, oldest = self._active.popitem(last=False)
            oldest.deactivate("memory")

    def forget(self, objects: Iterable[ObjectId]) -> None:
        """Forget the instances of a turn that left nothing; no hook is called."""
        for object in objects:
            self._active.pop(object, None)

    def drop(self, objects: Iterable[ObjectId]) -> None:
        """Let these leave memory."""
        for object in objects if self._active else ():
            instance = self._active.pop(object, None)
            if instance is not None:
                instance.deactivate("memory")

    def close(self) -> None:
        """Deactivate all."""
        while self._active:
            _, instance = self._active.popitem(last=False)
            instance.deactivate("shutdown")


def has_hooks(definition: Definition) -> bool:
    """Whether the type's instances stay in memory between turns."""
    cls = definition.cls
    return (
        cls.activate is not DurableObject.activate or cls.deactivate is not DurableObject.deactivate
    )
