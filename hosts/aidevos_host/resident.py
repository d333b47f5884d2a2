"""The objects whose states an executor holds, or is about to: what the host keeps of each.

No state is here, and no version: the executor has the one, the shard machine the other. Whatever is
dropped can be activated again from the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec

from aidevos.core.ids import ObjectId
from aidevos.core.shrink import shrink
from aidevos.core.turn import Executor

if TYPE_CHECKING:
    from aidevos_host.catalog import TypeEntry
    from aidevos_host.shard import Shard

HEAT_MAX = 3
"""Rounds for which the hottest stay while others leave."""

Waiting = Callable[["Resident", Exception | None], None]
"""Told when the object is held, or why it cannot be."""


class Resident(msgspec.Struct, eq=False, gc=False):
    """One object. It is held while `executor` is its service's, and has not begun anew.

    There may be a million: no collector looks at them. Their one cycle is by `waiting`, and ends.
    """

    object: ObjectId
    shard: Shard
    entry: TypeEntry
    known: int
    """The catalog's count of changes when `entry` was got."""
    tagged: bool
    """Whether it may share its group with others."""
    executor: Executor | None = None
    """Who holds it, in which generation; None: nobody."""
    generation: int = 0
    given: int = 0
    """When it was last activated: that a turn sent before did not find it says nothing."""
    since: int = 0
    """When it began, or was last taken back: what turns sent before made of it is void."""
    running: int = 0
    """Turns with the executor, or waiting for the object."""
    waits: int = 0
    """Those of them that wait for the object."""
    old: int = 0
    """Turns that run on an earlier version of its service."""
    used: int = 0
    """Host-monotonic ms of the last call."""
    heat: int = 0
    """In how many of the last rounds it was found used, less those in which it was not."""
    waiting: list[Waiting] | None = None
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
    def is_usual(self) -> bool:
        """Whether its turns need nothing but its executor, which holds it."""
        service = self.entry.service
        executor = service.executor
        return (
            self.executor is executor
            and self.generation == executor.generation
            and self.waiting is None
            and not (self.tagged or self.old)
            and service.reach is None
        )

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
    """All residents of a host, by key for each type of a tenant.

    They leave as with a clock: a hand goes round, warms what was used since it came by last, cools
    what was not, and drops what is idle. A call stores the time and nothing more.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self.count = 0
        """Grows when objects are activated, taken back or dropped, so that it tells turns that were
        sent before from those sent after."""
        self._types: dict[tuple[str, str], dict[str, Resident]] = {}
        self._ring: list[Resident] = []
        self._hand = 0
        self._round_ms = 0
        """When the hand began this round; `_last_round_ms` the one before."""
        self._last_round_ms = 0
        self.on_more: Callable[[], None] = lambda: None
        """Told when one was added."""

    def find(self, tenant: str, type_name: str, key: str) -> Resident | None:
        """Return the resident, or None."""
        found = self._types.get((tenant, type_name))
        return found.get(key) if found is not None else None

    def get(self, object: ObjectId) -> Resident | None:
        """Return the resident, or None."""
        return self.find(object.tenant, object.type, object.key)

    def nothing_taken_back(self, resident: Resident, asked_at: int) -> bool:
        """Whether a state that was asked for at `asked_at`, in the count, is true.

        If something was taken back meanwhile, such a state was never, whatever its version.
        """
        return self.get(resident.object) is resident and resident.since <= asked_at

    def add(self, resident: Resident) -> None:
        """Enter one more."""
        object = resident.object
        self._types.setdefault((object.tenant, object.type), {})[object.key] = resident
        self._ring.append(resident)
        self.on_more()

    def shrink(self) -> None:
        """Give back what tables keep for residents that are gone."""
        for place, residents in list(self._types.items()):
            shrink(residents)
            if not residents:
                del self._types[place]

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
        """Let them leave; their executors may hold them even where the host does not know it."""
        self.count += 1
        leaving: dict[Executor, list[ObjectId]] = {}
        for resident in residents:
            object = resident.object
            if self.get(object) is resident:
                del self._types[object.tenant, object.type][object.key]
            executor = resident.executor or resident.entry.service.executor
            leaving.setdefault(executor, []).append(object)
        for executor, objects in leaving.items():
            executor.drop(objects)


def _idle(resident: Resident) -> bool:
    """Whether nothing of it is under way; what is not committed yet must stay."""
    if resident.running or resident.waiting is not None:
        return False
    return not resident.shard.machine.is_ahead(resident.object)
