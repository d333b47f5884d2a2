"""Instances that stay in memory between turns, for types with activate or deactivate hooks.

Their `state` is set anew for every turn from what the host holds, so an instance that stayed
can never carry a state that was not committed. All other types get a fresh instance per turn.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from aidevos.core.ids import ObjectId
from aidevos.core.turn import Held
from aidevos.objects.definition import Definition
from aidevos.objects.object import DurableObject
from aidevos.objects.turn import Unit, fold_state

ACTIVE_MAX = 1_000
"""Instances in memory per service; more deactivate the one unused for longest."""


class Activations:
    """Live instances by object, least recently used first."""

    def __init__(self, limit: int = ACTIVE_MAX) -> None:
        """Begin empty."""
        self._limit = limit
        self._active: OrderedDict[ObjectId, Any] = OrderedDict()

    def instance(self, definition: Definition, object: ObjectId, held: Held) -> Any:
        """Return the instance in memory, or a fresh one, activated with its held state."""
        found = self._active.get(object)
        if found is not None:
            return found
        instance = definition.new()
        if _has_hooks(definition):
            instance.state = fold_state(definition, held)
            instance.activate()
        return instance

    def keep(self, units: Iterable[Unit]) -> None:
        """Take the instances of a turn that ended well."""
        for unit in units:
            unit.instance._unit = None
            if not _has_hooks(unit.definition):
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

    def drop(self, objects: Iterable[ObjectId]) -> None:
        """Forget the instances of a turn that left nothing; no hook is called."""
        for object in objects:
            self._active.pop(object, None)

    def close(self) -> None:
        """Deactivate all."""
        while self._active:
            _, instance = self._active.popitem(last=False)
            instance.deactivate("shutdown")


def _has_hooks(definition: Definition) -> bool:
    cls = definition.cls
    return (
        cls.activate is not DurableObject.activate or cls.deactivate is not DurableObject.deactivate
    )
