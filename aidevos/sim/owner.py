"""One simulated host: the shipping machines of the core, driven by virtual time.

It does what `aidevos_host` does with asyncio: takeover, mailbox, turns, appends, barriers,
checkpoints; a crash drops everything but the disk.
"""

from collections.abc import Callable, Generator, Iterator
from typing import Any

from aidevos.core.ask import ask as ask_until
from aidevos.core.call import Answer
from aidevos.core.errors import AidevosError, UnavailableError
from aidevos.core.fence import Committed, Fence, Fenced, Opened
from aidevos.core.index import ShardIndex
from aidevos.core.shard import Append, Barrier, Effect, Gather, Release, Run, ShardMachine
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
        self._mailbox: list[tuple[int, int]] = []
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
        self._opening = False
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
            index.calls.clear()
        recent = [record for row in opened.rows for record in index.apply_row(row)]
        if self.plant is Plant.DEDUP_IN_MEMORY:
            index.calls.clear()
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
        token, clock = self._tokens, self.world.now_ms + self.skew_ms
        self._replies[token] = (ask, reply)
        if ask.method == "read":
            self._do(self.machine.arrive_query(token, max(0, clock)))
            return
        key = ("default", "anonymous", ask.session, 1)
        expires = ask.expires_ms
        self._do(self.machine.arrive_change(token, key, ask.payload_hash, expires, max(0, clock)))

    def _turn(self) -> None:
        """Run the first turn of the mailbox."""
        if self.machine is None or not self._mailbox:
            return
        token, now_ms = self._mailbox.pop(0)
        ask = self._replies[token][0]
        for object in OBJECTS:
            self.counters.setdefault(object, Counter())
        if ask.method == "read":
            here = self.counters[ask.object]
            value = Answer(version=here.version, payload=str(here.value).encode())
            self._do(self.machine.finish_query(token, value))
            return
        record, answer = run_turn(ask, self.counters, now_ms)
        self._do(self.machine.finish_change(token, record, answer))

    # ---- effects ---------------------------------------------------------------------------

    def _do(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Run(token, now_ms):
                    self._mailbox.append((token, now_ms))
                    self._later(self.world.rng.randint(0, 4), self._turn)
                case Release(token, value):
                    self._release(token, value)
                case Append():
                    self._append(effect)
                case Barrier(ticket):
                    self._barrier(ticket)
                case Gather():
                    self._later(self.world.rng.randint(0, 2), self._flush)

    def _flush(self) -> None:
        if self.machine is not None:
            self._do(self.machine.flush())

    def _release(self, token: int, value: object) -> None:
        _, reply = self._replies.pop(token)
        reply(value)

    def _append(self, effect: Append) -> None:
        machine = self.machine
        assert machine is not None
        steps = planted_append(machine.fence, effect.batch, effect.checkpoint, self.plant)
        self.drive(steps, self._appended)

    def _appended(self, outcome: Committed | Fenced) -> None:
        assert self.machine is not None
        if isinstance(outcome, Fenced):
            self.lose(None)
            return
        records, effects = self.machine.committed(outcome.fence)
        self.keeper.committed(records)
        self._do(effects)

    def _barrier(self, ticket: int) -> None:
        assert self.machine is not None
        fence = self.machine.fence

        def confirmed(header: Any) -> None:
            if header.epoch != fence.epoch or header.sealed:
                self.lose(None)
            elif self.machine is not None:
                self._do(self.machine.confirmed(ticket))

        self.drive(ask_until(ReadHeader(fence.shard, fence.segment)), confirmed)

    def checkpointed(self, effects: list[Effect]) -> None:
        """Do what naming a checkpoint asks for."""
        self._do(effects)

    def lose(self, error: AidevosError | None) -> None:
        """The shard is lost: pending calls are told that their outcome is unknown."""
        machine = self.machine
        self.world.tell(f"{self.name} lost the shard: {error or 'fenced'}")
        if machine is not None:
            surely = error is not None and bool(error.metadata.get("surely"))
            for effect in machine.lost():
                assert isinstance(effect, Release)
                self._release(effect.token, error if surely else effect.value)
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
