"""Which objects the executor holds, and activations: the twin of aidevos_host.engine.

A turn whose object is held goes to the executor at once; any other waits until the object has been
activated, from what is committed alone: what has changes under way waits for their commit first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from aidevos.core.errors import AidevosError, UnavailableError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import Held
from aidevos.sim.bursts import SimBurst
from aidevos.sim.counters import GROUP_OF, OTHER
from aidevos.sim.executor import Worker
from aidevos.sim.plants import Plant
from aidevos.sim.turns import SimTurn
from aidevos.sim.world import World

if TYPE_CHECKING:
    from aidevos.sim.part import Part

OLD_TAKEN = {Plant.OLD_RESULT, Plant.STALE_RESULT}
Waiting = Callable[[AidevosError | None], None]
Handed = Callable[[Held | None], None]


class Resident:
    """One object of a shard that this host owns."""

    __slots__ = (
        "generation",
        "given",
        "held",
        "object",
        "part",
        "running",
        "since",
        "taken_back",
        "waiting",
    )

    def __init__(self, object: ObjectId, part: Part, since: int) -> None:
        """Begin held by nobody."""
        self.object = object
        self.part = part
        self.held = False
        """Whether the executor held it in `generation`, as far as the host knows."""
        self.generation = 0
        self.running = 0
        self.since = since
        """When it began, or was last taken back: what turns made of it before is void."""
        self.taken_back = 0
        """When it was last taken from the executor."""
        self.given = 0
        """When it was last activated: what was lost before is not lost any more."""
        self.waiting: list[Waiting] | None = None


class Residence:
    """Residents and activations of one host, and its executor."""

    def __init__(self, world: World, plant: Plant | None) -> None:
        """Begin with nothing resident."""
        self.world = world
        self.plant = plant
        self.worker = Worker(world, plant)
        self.residents: dict[ObjectId, Resident] = {}
        self._taken_back: dict[str, int] = {}
        """By group: when what turns did to one of its objects was taken back."""
        self.count = 0
        """Activations and takings so far: tells turns sent before one from those sent after."""

    def resident(self, object: ObjectId, part: Part) -> Resident:
        """Return the resident, a new one if there is none."""
        found = self.residents.get(object)
        if found is None or found.part is not part:
            found = self.residents[object] = Resident(object, part, self.count)
        return found

    # ---- turns -----------------------------------------------------------------------------

    def send(self, turn: SimTurn) -> None:
        """Run the turn once its object is held; after those that were sent before."""
        resident = turn.resident
        resident.running += 1
        if resident.waiting is None and self.is_held(resident):
            turn.sent_at = self.count
            self.worker.run(turn)
        else:
            self._want(resident, turn.held)

    def is_usual(self, object: ObjectId) -> bool:
        """Whether its turns need nothing but the executor, which holds it."""
        found = self.residents.get(object)
        if found is None or not (found.part.alive and found.part.serves) or object in OTHER:
            return False
        return found.waiting is None and self.is_held(found)

    def send_burst(self, burst: SimBurst) -> None:
        """Run the turns of a burst, whose objects are all held."""
        for at in burst.object_index:
            burst.residents[at].running += 1
        burst.sent_at = self.count
        self.worker.run_burst(burst)

    def burst_ended(self, burst: SimBurst) -> None:
        """The executor has answered."""
        for at in burst.object_index:
            burst.residents[at].running -= 1

    def is_held(self, resident: Resident) -> bool:
        """Whether the executor holds it, as far as the host knows."""
        return resident.held and resident.generation == self.worker.generation

    def dropped(self, sent_at: int, objects: Iterable[ObjectId]) -> None:
        """A turn found that the executor holds them no more, unless they were activated since."""
        for object in objects:
            resident = self.residents.get(object)
            if resident is not None and resident.given <= sent_at:
                resident.held = False

    def forget(self, objects: Iterable[ObjectId]) -> None:
        """Take from the executor what it holds of these."""
        for object in objects:
            resident = self.residents.get(object)
            if resident is not None:
                self.worker.drop((object,))
                self.count += 1
                resident.since = resident.taken_back = self.count
                self._taken_back[GROUP_OF[object]] = self.count
                resident.held = False

    def group_is_newer(self, sent_at: int, home: ObjectId) -> bool:
        """Whether a turn may have seen what was taken back after it was sent."""
        taken_back = self._taken_back.get(GROUP_OF[home], 0)
        return taken_back > sent_at and self.plant not in {*OLD_TAKEN, Plant.GROUP_UNCHECKED}

    def newer(self, sent_at: int, objects: Iterable[ObjectId]) -> list[ObjectId]:
        """Return those begun or taken back after a turn was sent: its result is void."""
        found = (self.residents.get(object) for object in objects)
        newer = [one.object for one in found if one is not None and one.since > sent_at]
        return newer if self.plant not in OLD_TAKEN else []

    def not_taken(self, sent_at: int, objects: Iterable[ObjectId]) -> list[ObjectId]:
        """Return those that the executor still holds as a turn left them."""
        found = (self.residents.get(object) for object in objects)
        return [one.object for one in found if one is not None and one.taken_back <= sent_at]

    def lose(self, part: Part) -> None:
        """The shard is lost: its objects are held no more."""
        self._drop([one for one in self.residents.values() if one.part is part])

    def hibernate(self) -> None:
        """Drop one idle object."""
        idle = [one for one in self.residents.values() if _idle(one)]
        if idle:
            self._drop([self.world.rng.choice(idle)])

    def _drop(self, residents: list[Resident]) -> None:
        self.count += 1
        for resident in residents:
            del self.residents[resident.object]
            if self.plant is not Plant.KEPT_AFTER_FENCE:  # Held or not, as far as we know.
                self.worker.drop((resident.object,))

    # ---- activations -----------------------------------------------------------------------

    def hand(self, resident: Resident, then: Handed) -> None:
        """Give what is committed of an object that the asking executor will hold from now on."""
        if resident.waiting is not None:  # On its way already: let it arrive.
            resident.waiting.append(
                lambda error: self.hand(resident, then) if error is None else then(None)
            )
            return
        resident.waiting = []
        self._hand_caught_up(resident, then)

    def _hand_caught_up(self, resident: Resident, then: Handed) -> None:
        part = resident.part
        if not part.alive:
            self._end(resident, _moved())
            then(None)
        elif part.machine.is_ahead(resident.object) and self.plant is not Plant.UNCOMMITTED_READ:
            part.behind.append(lambda: self._hand_caught_up(resident, then))
        else:
            part.keeper.load(resident.object, lambda held: self._handed(resident, held, then))

    def _handed(self, resident: Resident, held: Held | None, then: Handed) -> None:
        if held is None or not resident.part.alive:
            self._end(resident, _moved())
            then(None)
            return
        self._hold(resident)
        self._end(resident, None)
        then(held)

    def _want(self, resident: Resident, then: Waiting) -> None:
        if resident.waiting is not None:
            resident.waiting.append(then)
            return
        resident.waiting = [then]
        self._again(resident)

    def _again(self, resident: Resident) -> None:
        self.world.after(self.world.between(0, 2), lambda: self._begin(resident))

    def _begin(self, resident: Resident) -> None:
        part, object = resident.part, resident.object
        if not part.alive:
            self._end(resident, _moved())
        elif part.machine.is_ahead(object) and self.plant is not Plant.UNCOMMITTED_READ:
            part.behind.append(lambda: self._again(resident))
        elif part.machine.version(object) == 0:
            self._give(resident, Held())
        else:
            part.keeper.load(object, lambda held: self._give(resident, held))

    def _give(self, resident: Resident, held: Held | None) -> None:
        """Let the executor hold it; whoever waited goes on."""
        if held is None or not resident.part.alive:
            self._end(resident, _moved())
            return
        if resident.part.machine.version(resident.object) != held.version and (
            self.plant is not Plant.UNCOMMITTED_READ
        ):
            self._again(resident)  # It was changed while it was read.
            return
        self._hold(resident)
        self.count += 1
        resident.given = self.count
        self.worker.activate(resident.object, held)
        self._end(resident, None)

    def _hold(self, resident: Resident) -> None:
        resident.held = True
        resident.generation = self.worker.generation

    def _end(self, resident: Resident, error: AidevosError | None) -> None:
        waiting, resident.waiting = resident.waiting or [], None
        for then in waiting:
            then(error)


def _idle(resident: Resident) -> bool:
    """Whether nothing of it is under way; what is not committed yet must stay."""
    if resident.running or resident.waiting is not None or not resident.part.alive:
        return False
    return not resident.part.machine.is_ahead(resident.object)


def _moved() -> AidevosError:
    return UnavailableError("the shard is moving; retry")
