"""One shard on a simulated host: the shipping machines of the core, driven by virtual time.

The twin of aidevos_host.shard: takeover, appends, barriers, what may leave; dead once it is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING, Any

from aidevos.core.ask import ask as ask_until
from aidevos.core.calls import CallIndex
from aidevos.core.errors import AidevosError, UnavailableError
from aidevos.core.fence import Committed, Fence, Fenced, Opened
from aidevos.core.gate import Released
from aidevos.core.index import ShardIndex
from aidevos.core.record import BurstRecord, single
from aidevos.core.shard import ShardMachine
from aidevos.core.statements import Pause, ReadHeader
from aidevos.core.turn import ChangeRecord
from aidevos.sim.feed import Feed
from aidevos.sim.keeper import Keeper, kept_bursts
from aidevos.sim.plants import Plant
from aidevos.sim.variants_bursts import PlantedBursts, replayed
from aidevos.sim.variants_log import planted_append, planted_roll, planted_takeover
from aidevos.sim.variants_machine import forget

if TYPE_CHECKING:
    from aidevos.sim.owner import Owner

Machine = Generator[Any, Any, Any]


class Part:
    """A shard that this host wants, and then owns."""

    machine: ShardMachine
    """Set once it `serves`."""

    def __init__(self, owner: Owner, shard: int) -> None:
        """Begin without it; `open` takes it over."""
        self.owner = owner
        self.world = owner.world
        self.shard = shard
        self.plant = owner.plant
        self.alive = True
        self.serves = False
        self.keeper = Keeper(self)
        self.feed = Feed(self)
        self.behind: list[Callable[[], None]] = []
        """Who waits for the next commit, or for the loss of the shard."""
        self._looking = False

    # ---- opening ---------------------------------------------------------------------------

    def open(self) -> None:
        """Take the shard over."""
        owner = self.owner
        self.drive(planted_takeover(self.shard, owner.name, owner.nonces, self.plant), self._opened)

    def _opened(self, opened: Opened) -> None:
        if self.world.rng.random() < 0.3 and not self.world.calm:
            self.drive(
                planted_roll(opened.fence, self.plant), lambda fence: self._rolled(opened, fence)
            )
            return
        self._serve(opened, opened.fence)

    def _rolled(self, opened: Opened, fence: Fence | Fenced) -> None:
        if isinstance(fence, Fenced):
            self.lose(None)
            return
        self._serve(opened, fence)

    def _serve(self, opened: Opened, fence: Fence) -> None:
        index = ShardIndex(opened.checkpoint)
        if self.plant is Plant.DEDUP_IN_MEMORY:
            index.calls = CallIndex()
        recorded = [one for row in opened.rows for one in replayed(index, row, self.plant)]
        self.world.counts["replayed"] += sum(isinstance(one, BurstRecord) for one in recorded)
        recent = list(single(recorded))
        if self.plant is Plant.DEDUP_IN_MEMORY:
            index.calls = CallIndex()
        if self.plant is not Plant.SESSION_FORGOTTEN:
            forget(index, self.plant)
        self.machine = (
            PlantedBursts(fence, index, self.plant) if self.plant else ShardMachine(fence, index)
        )
        self.keeper.begin(recent)
        self.serves = True
        self.world.tell(f"{self.owner.name} owns shard {self.shard} under epoch {fence.epoch}")

    # ---- what the machine makes possible -----------------------------------------------------

    def touch(self) -> None:
        """Something ended or waits: look soon, once for all of it."""
        if not self._looking:
            self._looking = True
            self.world.after(self.world.between(0, 2), self._look)

    def _look(self) -> None:
        self._looking = False
        if not self.alive:
            return
        machine = self.machine
        leave(machine.release())
        ticket = machine.begin_barrier()
        if ticket is not None:
            self._barrier(ticket)
        append = machine.flush()
        if append is not None:
            steps = planted_append(machine.fence, append.batch, append.checkpoint, self.plant)
            self.drive(steps, self._appended)

    def ran(self, changes: Iterable[ChangeRecord]) -> None:
        """Take the changes of a turn that waits for its commit."""
        if self.plant is Plant.ITEM_EARLY:
            self.feed.publish(changes)

    def _appended(self, outcome: Committed | Fenced) -> None:
        if isinstance(outcome, Fenced):
            self.lose(None)
            return
        recorded, bursts, released = self.machine.committed(outcome.fence)
        records = list(single(recorded))
        self.owner.disk.durable.check_remembered(self.shard, self.machine.index)
        kept = kept_bursts(self.machine.index)
        self.world.counts["freed in part"] += sum(one.left < len(one.numbers) for one in kept)
        self.keeper.committed(records)
        for burst in bursts:
            record = burst.record
            burst.sink.answer_burst(record.numbers, record.versions, record.replies)
        leave(released)
        if self.plant is not Plant.ITEM_EARLY:
            self.feed.publish(change for record in records for change in record.changes)
        self._go_on()
        self.touch()

    def _go_on(self) -> None:
        behind, self.behind = self.behind, []
        for action in behind:
            action()

    def _barrier(self, ticket: int) -> None:
        fence = self.machine.fence

        def confirmed(header: Any) -> None:
            if header.epoch != fence.epoch or header.sealed:
                self.lose(None)
            else:
                leave(self.machine.confirmed(ticket))

        self.drive(ask_until(ReadHeader(fence.shard, fence.segment)), confirmed)

    def lose(self, error: AidevosError | None) -> None:
        """The shard is lost: pending calls are told that their outcome is unknown."""
        if not self.alive:
            return
        self.alive = False
        self.world.tell(f"{self.owner.name} lost shard {self.shard}: {error or 'fenced'}")
        if not self.serves:
            return
        surely = error is not None and bool(error.metadata.get("surely"))
        lost = self.machine.lost()
        leave((sink, number, error if surely else value) for sink, number, value in lost)
        self.owner.residence.lose(self)
        self.feed.close()
        self._go_on()

    # ---- driving ---------------------------------------------------------------------------

    def drive(self, machine: Machine, done: Callable[[Any], None]) -> None:
        """Feed a machine from the disk until it returns; void after a crash or a loss."""
        world, ask, started = self.world, self.owner.disk.ask, self.world.now_ms

        def send(answer: object) -> None:
            if not self.alive:
                return
            try:
                effect = machine.send(answer)
            except StopIteration as end:
                done(end.value)
                return
            except UnavailableError as error:
                self.lose(error)
                return
            if isinstance(effect, Pause):
                wait = world.between(1, 10 * min(20, effect.attempt + 1))
                world.after(wait, lambda: send(world.now_ms - started))
            else:
                ask(effect, send)

        send(None)


def leave(released: Iterable[Released]) -> None:
    """Hand each answer to who waits for it."""
    for sink, number, value in released:
        sink.answer(number, value)
