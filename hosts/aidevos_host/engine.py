"""Residents, executors and turns of one host: who holds what, and what runs where.

A turn whose object is held goes to its executor at once; any other waits until the object has been
activated. The engine never waits itself.
"""

from collections.abc import Iterable

from aidevos.core.errors import AidevosError, FailedPreconditionError
from aidevos.core.ids import GroupId, ObjectId
from aidevos.core.turn import ChangeRecord, GroupReader, Held
from aidevos_host.activations import Activations
from aidevos_host.burst import HostBurst
from aidevos_host.catalog import Catalog, Use
from aidevos_host.config import HostConfig
from aidevos_host.ports import Ports
from aidevos_host.resident import Resident, Residents
from aidevos_host.shard import Shard
from aidevos_host.turn import HostTurn

TAKEN_BACK_MAX = 10_000
"""Objects and groups of which it is known when something was taken back."""


class Engine:
    """What all shards of a host share."""

    def __init__(self, catalog: Catalog, config: HostConfig, ports: Ports) -> None:
        """Begin with nothing resident."""
        self.catalog = catalog
        self.config = config
        self.ports = ports
        self.now_ms = 0
        """Host-monotonic ms, as of the last frame or call."""
        self.residents = Residents()
        self.waiting = Use()
        """Turns that wait until their object is held; which version will run them is open."""
        self._taken_back: dict[ObjectId | GroupId, int] = {}
        """When what turns did to an object, or to one of a group, was last taken back."""
        self.activations = Activations(self, ports)

    # ---- residents -------------------------------------------------------------------------

    def resident(self, object: ObjectId, shard: Shard) -> Resident:
        """Return the resident, a new one if there is none. Raises NotFoundError: no such type."""
        found = self.residents.get(object)
        if found is None or found.shard is not shard:
            entry = self.catalog.get(object)
            own = ObjectId(entry.service.tenant, entry.info.name, object.key)  # One text for all.
            found = Resident(own, shard, entry, self.catalog.changes, "{" in own.key)
            found.since = self.residents.count
            self.residents.add(found)
        elif found.known != self.catalog.changes:
            self.refresh(found)
        found.used = self.now_ms = self.ports.monotonic_ms()
        return found

    def refresh(self, resident: Resident) -> None:
        """Take the present version of its service. Raises NotFoundError: it was removed."""
        entry = self.catalog.get(resident.object)
        if entry.service is not resident.entry.service:
            resident.old = resident.running - resident.waits
        resident.entry = entry
        resident.known = self.catalog.changes

    def group_reader(self, home: Resident) -> GroupReader:
        """Return how a turn of `home` reads its group."""
        return _GroupReader(self, home)

    # ---- turns -----------------------------------------------------------------------------

    def send(self, turn: HostTurn) -> None:
        """Run the turn once its object is held; after those that were sent before."""
        resident = turn.resident
        if resident.known != self.catalog.changes:
            try:
                self.refresh(resident)
            except AidevosError as error:
                turn.fail(error)
                return
        service = resident.entry.service
        resident.running += 1
        resident.shard.mail_bytes += len(turn.request.payload)
        executor = service.executor
        if (
            resident.executor is executor  # `held`, without a call: this is the hot path.
            and resident.generation == executor.generation
            and resident.waiting is None
        ):
            turn.service = service
            service.use.count += 1
            turn.sent_at = self.residents.count
            executor.run(turn)
        else:
            resident.waits += 1
            self.waiting.count += 1
            self.activations.want(resident, turn.held)

    def send_burst(self, burst: HostBurst) -> None:
        """Run the turns of a burst, whose objects are all held by its service's executor."""
        residents = burst.residents
        for at in burst.object_index:
            residents[at].running += 1
        residents[0].shard.mail_bytes += burst.size
        burst.service.use.count += len(burst)
        burst.sent_at = self.residents.count
        burst.service.executor.run_burst(burst)

    def burst_ended(self, burst: HostBurst) -> None:
        """Its executor has answered."""
        service, residents = burst.service, burst.residents
        for at in burst.object_index:
            resident = residents[at]
            resident.running -= 1
            if resident.old and service is not resident.entry.service:
                resident.old -= 1
        residents[0].shard.mail_bytes -= burst.size
        service.use.count -= len(burst)
        if not service.use.count:
            service.use.tell()

    def turn_waited(self, turn: HostTurn) -> None:
        """Its object is held, or will not be."""
        resident = turn.resident
        resident.running -= 1
        resident.waits -= 1
        resident.shard.mail_bytes -= len(turn.request.payload)
        self.waiting.count -= 1
        if not self.waiting.count:
            self.waiting.tell()

    def turn_ended(self, turn: HostTurn) -> None:
        """Its executor has answered, or it stopped waiting."""
        resident = turn.resident
        resident.running -= 1
        resident.shard.mail_bytes -= len(turn.request.payload)
        if turn.service is not resident.entry.service and resident.old:
            resident.old -= 1
        use = turn.service.use
        use.count -= 1
        if not use.count:
            use.tell()

    def changed(self, home: Resident, changes: Iterable[ChangeRecord]) -> None:
        """A turn changed these objects: its group's members may be others now."""
        members = home.shard.members
        for change in changes:
            members.note(change.object, exists=not change.deleted)

    # ---- what becomes of results -------------------------------------------------------------

    def dropped(self, sent_at: int, objects: Iterable[ObjectId]) -> None:
        """A turn found that its executor holds them no more, unless they were activated since."""
        for object in objects:
            resident = self.residents.get(object)
            if resident is not None and resident.given <= sent_at:
                resident.executor = None

    def is_void(self, turn: HostTurn, changes: Iterable[ChangeRecord]) -> bool:
        """Whether a turn may have built on what was taken back after it was sent."""
        home, sent_at = turn.resident, turn.sent_at
        if home.since > sent_at:
            return True
        if not home.tagged:
            return False
        if self._taken_back.get(home.object.group, 0) > sent_at:
            return True
        found = (self.residents.get(change.object) for change in changes)
        return any(one is not None and one.since > sent_at for one in found)

    def take_back(self, sent_at: int, objects: Iterable[ObjectId]) -> None:
        """Take from the executor what a turn did to these; they are activated again when needed.

        What was taken back after the turn was sent is gone already: taking it back once more would
        void the turns that were sent after.
        """
        residents = self.residents
        for object in objects:
            resident = residents.get(object)
            if resident is None or self._taken_back.get(object, 0) > sent_at:
                continue
            (resident.executor or resident.entry.service.executor).drop((object,))
            resident.executor = None
            residents.count += 1
            resident.since = residents.count
            self._note_taken_back(resident.object)
            if resident.tagged:
                self._note_taken_back(object.group)

    def _note_taken_back(self, what: ObjectId | GroupId) -> None:
        known = self._taken_back
        known.pop(what, None)
        known[what] = self.residents.count
        if len(known) > TAKEN_BACK_MAX:  # The turns that it is asked about have long ended.
            del known[next(iter(known))]


class _GroupReader:
    """core/turn.GroupReader over a host."""

    def __init__(self, engine: Engine, home: Resident) -> None:
        self._engine = engine
        self._home = home

    async def get(self, object: ObjectId) -> Held:
        """Return one object of the group; it is held from now on."""
        home = self._home
        if object.group != home.object.group:
            raise FailedPreconditionError(
                f"{object} is not in the group of {home.object}: only objects with the same "
                "{tag} in their key can be read or changed in one turn"
            )
        resident = self._engine.resident(object, home.shard)
        return (await self._engine.activations.hand((resident,)))[0]

    async def find(self, tenant: str, type_name: str) -> list[tuple[ObjectId, Held | None]]:
        """Return all objects of a type in the group, oldest first; None: held already."""
        home = self._home
        assert tenant == home.object.tenant, "a group is of one tenant"
        objects = home.shard.members.of(home.object.group, type_name)
        residents = [self._engine.resident(object, home.shard) for object in objects]
        cold = [resident for resident in residents if not resident.held]
        handed = dict(zip(cold, await self._engine.activations.hand(cold), strict=True))
        return [(resident.object, handed.get(resident)) for resident in residents]
