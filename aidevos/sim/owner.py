"""One simulated host: the shipping machines of the core, driven by virtual time.

It does what `aidevos_host` does with asyncio: takeover, mailbox, turns, appends, barriers,
checkpoints; a crash drops everything but the disk.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any

from aidevos.core.ask import ask as ask_until
from aidevos.core.call import Answer
from aidevos.core.calls import CallIndex
from aidevos.core.errors import AidevosError, UnavailableError
from aidevos.core.fence import Committed, Fence, Fenced, Opened
from aidevos.core.gate import Released
from aidevos.core.index import ShardIndex
from aidevos.core.pending import Pending
from aidevos.core.shard import ShardMachine
from aidevos.core.statements import Pause, ReadHeader
from aidevos.sim import keeper
from aidevos.sim.counters import OBJECTS, SHARD, Ask, Counter, Counters, run_turn
from aidevos.sim.disk import Disk
from aidevos.sim.plants import Plant
from aidevos.sim.variants import (
    PlantedMachine,
    forget,
    planted_append,
    planted_roll,
    planted_takeover,
)
from aidevos.sim.world import World

Reply = Callable[[object], None]
Machine = Generator[Any, Any, Any]


class Owner:
    """A host that may own the shard."""

    def __init__(self, world: World, disk: Disk, name: str, plant: Plant | None) -> None:
        """Come up, owning nothing."""
        self.world = world
        self.disk = disk
        self.name = name
        self.plant = plant
        self.skew_ms = 0
        self.life = 0
        self.machine: ShardMachine | None = None
        self.counters: Counters = {}
        self.keeper = keeper.Keeper(self)
        self._nonces = self._fresh_nonces()
        self._replies: dict[int, tuple[Ask, Reply]] = {}
        self._tokens = 0
        self._mailbox: list[Pending] = []
        self._looking = False
        self._opening = False

    # ---- life ------------------------------------------------------------------------------

    def crash(self) -> None:
        """Kill -9: everything volatile is gone, nobody is told."""
        self.world.tell(f"{self.name} crashes")
        self._forget()
        self._replies.clear()

    def _forget(self) -> None:
        self.life += 1
        self.machine = None
        self._opening = self._looking = False
        self._mailbox.clear()
        self.keeper.reset()
        if self.plant is not Plant.KEPT_AFTER_FENCE:
            self.counters = {}

    def open(self) -> None:
        """Take the shard over, unless that is under way or done."""
        if self.machine is not None or self._opening:
            return
        self._opening = True
        machine = planted_takeover(SHARD, self.name, self._nonces, self.plant)
        self.drive(machine, self._opened)

    def _opened(self, opened: Opened) -> None:
        if self.world.rng.random() < 0.3 and not self.world.calm:
            self.drive(
                planted_roll(opened.fence, self.plant), lambda fence: self._rolled(opened, fence)
            )
            return
        self._serve(opened, opened.fence)

    def _rolled(self, opened: Opened, fence: Fence | Fenced) -> None:
        if isinstance(fence, Fenced):
            self._forget()
            return
        self._serve(opened, fence)

    def _serve(self, opened: Opened, fence: Fence) -> None:
        index = ShardIndex(opened.checkpoint)
        if self.plant is Plant.DEDUP_IN_MEMORY:
            index.calls = CallIndex()
        recent = [record for row in opened.rows for record in index.apply_row(row)]
        if self.plant is Plant.DEDUP_IN_MEMORY:
            index.calls = CallIndex()
        forget(index, self.plant)
        self.machine = (
            PlantedMachine(fence, index, self.plant) if self.plant else ShardMachine(fence, index)
        )
        revived = keeper.revive(self.disk.tables, index, recent)
        if revived is None:
            self._confirm_fenced(fence)
            return
        self.counters = {**revived, **self.counters}
        self.keeper.begin(recent)
        self._opening = False
        self.world.tell(f"{self.name} owns the shard under epoch {fence.epoch}")

    def _confirm_fenced(self, fence: Fence) -> None:
        """Give up a shard that a later owner has; a bug if there is none."""
        header = self.disk.tables.headers[fence.shard, fence.segment]
        assert header.epoch > fence.epoch or header.sealed, "S1: a snapshot beyond the log"
        self._forget()

    # ---- calls -----------------------------------------------------------------------------

    def call(self, ask: Ask, reply: Reply) -> None:
        """Take one copy of a call from the network."""
        if self.machine is None:
            self.open()
            reply(UnavailableError("the shard is not here"))
            return
        self._tokens += 1
        self._replies[self._tokens] = (ask, reply)
        call, clock = Pending(self, self._tokens), max(0, self.world.now_ms + self.skew_ms)
        if ask.method == "read":
            self.machine.arrive_query(call, clock)
        else:
            call.scope = ("default", "anonymous", ask.session)
            call.expires_at_ms, call.payload_hash = ask.expires_ms, ask.payload_hash
            if not self.machine.arrive_change(call, clock):
                self.touch()
                return
        self._mailbox.append(call)
        self._later(self.world.rng.randint(0, 4), self._turn)

    def _turn(self) -> None:
        """Run the first turn of the mailbox."""
        if self.machine is None or not self._mailbox:
            return
        call = self._mailbox.pop(0)
        ask = self._replies[call.number][0]
        for object in OBJECTS:
            self.counters.setdefault(object, Counter())
        if ask.method == "read":
            here = self.counters[ask.object]
            value = Answer(version=here.version, payload=str(here.value).encode())
            self.machine.finish_query(call, value)
        else:
            record, answer = run_turn(ask, self.counters, call)
            fits = self.machine.finish_change(call, record, answer)
            assert fits, "what is in memory is what the machine knows"
        self.touch()

    def answer(self, number: int, value: object) -> None:
        """Let the answer to one copy of a call leave (core/pending.Sink)."""
        _, reply = self._replies.pop(number)
        reply(value)

    # ---- what the machine makes possible -----------------------------------------------------

    def touch(self) -> None:
        """Something ended or waits: look soon, once for all of it."""
        if not self._looking:
            self._looking = True
            self._later(self.world.rng.randint(0, 2), self._look)

    def _look(self) -> None:
        machine = self.machine
        self._looking = False
        if machine is None:
            return
        leave(machine.release())
        ticket = machine.begin_barrier()
        if ticket is not None:
            self._barrier(ticket)
        append = machine.flush()
        if append is not None:
            steps = planted_append(machine.fence, append.batch, append.checkpoint, self.plant)
            self.drive(steps, self._appended)

    def _appended(self, outcome: Committed | Fenced) -> None:
        assert self.machine is not None
        if isinstance(outcome, Fenced):
            self.lose(None)
            return
        records, released = self.machine.committed(outcome.fence)
        self.keeper.committed(records)
        leave(released)
        self.touch()

    def _barrier(self, ticket: int) -> None:
        assert self.machine is not None
        fence = self.machine.fence

        def confirmed(header: Any) -> None:
            if header.epoch != fence.epoch or header.sealed:
                self.lose(None)
            elif self.machine is not None:
                leave(self.machine.confirmed(ticket))

        self.drive(ask_until(ReadHeader(fence.shard, fence.segment)), confirmed)

    def lose(self, error: AidevosError | None) -> None:
        """The shard is lost: pending calls are told that their outcome is unknown."""
        machine = self.machine
        self.world.tell(f"{self.name} lost the shard: {error or 'fenced'}")
        if machine is not None:
            surely = error is not None and bool(error.metadata.get("surely"))
            leave(
                (sink, number, error if surely else value) for sink, number, value in machine.lost()
            )
        self._forget()

    # ---- driving ---------------------------------------------------------------------------

    def drive(self, machine: Machine, done: Callable[[Any], None]) -> None:
        """Feed a machine from the disk until it returns; void after a crash or a loss."""
        life, started = self.life, self.world.now_ms

        def send(answer: object) -> None:
            if life != self.life:
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
                wait = self.world.rng.randint(1, 10 * min(20, effect.attempt + 1))
                self.world.after(wait, lambda: send(self.world.now_ms - started))
            else:
                self.disk.ask(effect, send)

        send(None)

    def _later(self, delay_ms: int, action: Callable[[], None]) -> None:
        life = self.life
        self.world.after(delay_ms, lambda: action() if life == self.life else None)

    def _fresh_nonces(self) -> Iterator[str]:
        count = 0
        while True:
            count += 1
            yield f"{self.name}-{count}"


def leave(released: Iterable[Released]) -> None:
    """Hand each answer to who waits for it."""
    for sink, number, value in released:
        sink.answer(number, value)
