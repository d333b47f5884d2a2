"""The objects whose states an executor holds, or is about to: what the host keeps of each.

No state is here, and no version: the executor has the one, the shard machine the other. Whatever is
dropped can be activated again from the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from aidevos.core.ids import ObjectId
from aidevos.core.turn import Executor

if TYPE_CHECKING:
    from aidevos_host.catalog import TypeEntry
    from aidevos_host.shard import Shard

HEAT_MAX = 3
"""Rounds for which the hottest stay while others leave."""

Waiting = Callable[["Resident", Exception | None], None]
"""Told when the object is held, or why it cannot be."""


class Resident:
    """One object. It is held while `executor` is its service's, and has not begun anew."""

    __slots__ = (
        "entry",
        "executor",
        "generation",
        "heat",
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
        self.heat = 0
        """In how many of the last rounds it was found used, less those in which it was not."""
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
    """All residents of a host, by (type, key) of each tenant.

    They leave as with a clock: a hand goes round, warms what was used since it came by last, cools
    what was not, and drops what is idle. A call stores the time and nothing more.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self._tenants: dict[str, dict[tuple[str, str], Resident]] = {}
        self._ring: list[Resident] = []
        self._hand = 0
        self._round_ms = 0
        """When the hand began this round; `_last_round_ms` the one before."""
        self._last_round_ms = 0
        self.on_more: Callable[[], None] = lambda: None
        """Told when one was added."""

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
        self._ring.append(resident)
        self.on_more()

    def __iter__(self) -> Iterator[Resident]:
        return iter(self._ring)

    def __len__(self) -> int:
        return len(self._ring)

    def lose(self, shard: Shard) -> None:
        """The shard is lost: its objects are held no more."""
        lost = [resident for resident in self._ring if resident.shard is shard]
        self._ring = [resident for resident in self._ring if resident.shard is not shard]
        self._hand = 0
        self._drop(lost)

    def hibernate(
        self, before_ms: int, most: int, *, now_ms: int = 0, pressed: bool = False
    ) -> int:
        """Look at the next `most` residents; drop those unused since `before_ms`.

        Pressed: also those that are cold, used lately or not. Returns how many were dropped.
        """
        ring, dropped = self._ring, []
        for _ in range(min(most, len(ring))):
            if self._hand >= len(ring):
                self._hand, self._last_round_ms = 0, self._round_ms
                self._round_ms = now_ms
                if not ring:
                    break
            resident = ring[self._hand]
            if self._leaves(resident, before_ms, pressed):
                dropped.append(resident)
                ring[self._hand] = ring[-1]
                ring.pop()
            else:
                self._hand += 1
        self._drop(dropped)
        return len(dropped)

    def _leaves(self, resident: Resident, before_ms: int, pressed: bool) -> bool:
        if resident.used <= before_ms:
            return _idle(resident)
        if resident.used >= self._last_round_ms:
            resident.heat = min(HEAT_MAX, resident.heat + 1)
        elif resident.heat:
            resident.heat -= 1
        return pressed and not resident.heat and _idle(resident)

    def _drop(self, residents: list[Resident]) -> None:
        leaving: dict[Executor, list[ObjectId]] = {}
        for resident in residents:
            object = resident.object
            tenant = self.of(object.tenant)
            if tenant.get((object.type, object.key)) is resident:
                del tenant[object.type, object.key]
            if resident.executor is not None:
                leaving.setdefault(resident.executor, []).append(object)
        for executor, objects in leaving.items():
            executor.drop(objects)


def _idle(resident: Resident) -> bool:
    """Whether nothing of it is under way; what is not committed yet must stay."""
    if resident.running or resident.waiting is not None:
        return False
    return not resident.shard.machine.is_ahead(resident.object)
