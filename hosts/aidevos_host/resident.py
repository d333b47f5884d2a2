"""The objects whose states an executor holds, or is about to: what the host keeps of each.

No state is here, and no version: the executor has the one, the shard machine the other. Whatever is
dropped can be activated again from the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from aidevos.core.ids import ObjectId
from aidevos.core.turn import Executor

if TYPE_CHECKING:
    from aidevos_host.catalog import TypeEntry
    from aidevos_host.shard import Shard

Waiting = Callable[["Resident", Exception | None], None]
"""Told when the object is held, or why it cannot be."""


class Resident:
    """One object. It is held while `executor` is its service's, and has not begun anew."""

    __slots__ = (
        "entry",
        "executor",
        "generation",
        "known",
        "object",
        "old",
        "running",
        "shard",
        "tagged",
        "used",
        "waiting",
    )

    def __init__(self, object: ObjectId, shard: Shard, entry: TypeEntry, known: int) -> None:
        """Begin held by nobody; `known` is the catalog's count of changes when `entry` was got."""
        self.object = object
        self.shard = shard
        self.tagged = "{" in object.key
        """Whether it may share its group with others."""
        self.entry = entry
        self.known = known
        self.executor: Executor | None = None
        self.generation = 0
        self.running = 0
        """Turns with the executor, or waiting for the object."""
        self.old = 0
        """Those of them that run on an earlier version of its service."""
        self.used = 0
        """Host-monotonic ms of the last call."""
        self.waiting: list[Waiting] | None = None
        """Who waits until it is held; None when nobody does."""

    @property
    def must_exist(self) -> bool:
        """Whether a call may not begin it."""
        reach = self.entry.service.reach
        return reach is not None and reach.must_exist(self.object)

    @property
    def held(self) -> bool:
        """Whether its executor holds it, as far as the host knows."""
        executor = self.entry.service.executor
        return self.executor is executor and self.generation == executor.generation

    @property
    def has_old_turns(self) -> bool:
        """Whether turns of an earlier version of its service may change it.

        Which objects of its group those touch is not known before they end.
        """
        if not self.tagged:
            return self.old > 0
        return any(use.count for use in self.entry.service.after)

    def hold(self) -> None:
        """Its executor holds it from now on."""
        self.executor = self.entry.service.executor
        self.generation = self.executor.generation


class Residents:
    """All residents of a host, by (type, key) of each tenant, least recently begun first."""

    def __init__(self) -> None:
        """Begin empty."""
        self._tenants: dict[str, dict[tuple[str, str], Resident]] = {}

    def of(self, tenant: str) -> dict[tuple[str, str], Resident]:
        """Return the tenant's residents, to look up in a hurry; not to be changed."""
        return self._tenants.setdefault(tenant, {})

    def get(self, object: ObjectId) -> Resident | None:
        """Return the resident, or None."""
        return self.of(object.tenant).get((object.type, object.key))

    def add(self, resident: Resident) -> None:
        """Enter one more."""
        object = resident.object
        self.of(object.tenant)[object.type, object.key] = resident

    def __iter__(self) -> Iterator[Resident]:
        for residents in self._tenants.values():
            yield from residents.values()

    def __len__(self) -> int:
        return sum(map(len, self._tenants.values()))

    def lose(self, shard: Shard) -> None:
        """The shard is lost: its objects are held no more."""
        self._drop([resident for resident in self if resident.shard is shard])

    def hibernate(self, before_ms: int, most: int) -> int:
        """Drop at most `most` idle objects that were unused since `before_ms`; return how many."""
        idle = (one for one in self if one.used <= before_ms and _idle(one))
        found = list(islice(idle, most))
        self._drop(found)
        return len(found)

    def _drop(self, residents: list[Resident]) -> None:
        leaving: dict[Executor, list[ObjectId]] = {}
        for resident in residents:
            object = resident.object
            del self.of(object.tenant)[object.type, object.key]
            if resident.executor is not None:
                leaving.setdefault(resident.executor, []).append(object)
        for executor, objects in leaving.items():
            executor.drop(objects)


def _idle(resident: Resident) -> bool:
    """Whether nothing of it is under way; what is not committed yet must stay."""
    if resident.running or resident.waiting is not None:
        return False
    return not resident.shard.machine.is_ahead(resident.object)
