"""The objects that are in memory, as their newest turn left them (perhaps uncommitted).

Least recently used first; only what is committed may hibernate, for the log can give it back.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice, takewhile

from aidevos.core.ids import ObjectId
from aidevos.core.turn import Held

LOOKED_AT = 64
"""How many of those unused for longest are looked at to find one that is committed."""


@dataclass(slots=True)
class Resident:
    """One object in memory; `used_ms` is the host-monotonic time of its last turn."""

    held: Held
    used_ms: int


class Residents:
    """A bounded set of resident objects of one shard."""

    def __init__(self, limit: int, committed: Callable[[ObjectId], int]) -> None:
        """`committed` tells an object's committed version, 0 if it has none."""
        self._limit = limit
        self._committed = committed
        self._objects: OrderedDict[ObjectId, Resident] = OrderedDict()

    def __len__(self) -> int:
        return len(self._objects)

    def get(self, object: ObjectId, now_ms: int) -> Held | None:
        """Return what is held of `object` and mark it used, or None if it is not in memory."""
        resident = self._objects.get(object)
        if resident is None:
            return None
        resident.used_ms = now_ms
        self._objects.move_to_end(object)
        return resident.held

    def peek(self, object: ObjectId) -> Held | None:
        """Return what is held of `object` without marking it used."""
        resident = self._objects.get(object)
        return resident.held if resident else None

    def put(self, object: ObjectId, held: Held, now_ms: int) -> None:
        """Keep `held`; may hibernate the object unused for longest."""
        self._objects[object] = Resident(held, now_ms)
        self._objects.move_to_end(object)
        if len(self._objects) > self._limit:
            self._hibernate_one()

    def hibernate_idle(self, before_ms: int) -> int:
        """Drop every committed object unused since `before_ms`; return how many."""
        idle = takewhile(lambda item: item[1].used_ms <= before_ms, self._objects.items())
        return sum(self._drop(object, resident) for object, resident in list(idle))

    def clear(self) -> None:
        """The shard is lost: drop all."""
        self._objects.clear()

    def _hibernate_one(self) -> None:
        for object, resident in list(islice(self._objects.items(), LOOKED_AT)):
            if self._drop(object, resident):
                return

    def _drop(self, object: ObjectId, resident: Resident) -> bool:
        if resident.held.version != self._committed(object):
            return False
        del self._objects[object]
        return True
