"""The store of the simulated cluster: real conditional statements, unreliable ways to it.

It also watches: whatever becomes durable is noted here, so that checks compare what leaves a host
with what the log holds at that instant.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from aidevos.core import codec
from aidevos.core.ids import ObjectId
from aidevos.core.record import Header, Record
from aidevos.core.statements import TIMEOUT, AppendRow, ReadHint, Statement, WriteCheckpoint
from aidevos.sim.plants import Plant
from aidevos.sim.world import World
from aidevos.storage.tables import Tables

TIMEOUT_MS = 200
Answered = Callable[[object], None]


@dataclass(slots=True)
class Durable:
    """What the log holds, by call and by object."""

    calls: dict[str, tuple[int, Record]] = field(default_factory=dict)
    """Session to (offset, record)."""
    twice: list[str] = field(default_factory=list)
    """Sessions that were written more than once: must stay empty."""
    values: dict[ObjectId, list[int]] = field(default_factory=dict)
    """Value of each object at version 0, 1, 2, ..."""
    tail: int = 0
    checkpoints: int = 0
    """Written whole: their roots."""

    def add(self, offset: int, records: tuple[Record, ...]) -> None:
        """Take one written row."""
        self.tail = offset + 1
        for record in records:
            session = record.call.session
            if session in self.calls:
                self.twice.append(session)
            self.calls[session] = (offset, record)
            for change in record.changes:
                values = self.values.setdefault(change.object, [0])
                for event in change.events:
                    values.append(values[-1] + int(codec.from_json(event.body)))


class Disk:
    """Statements travel, wait, get lost, arrive twice; what arrives is applied at once."""

    def __init__(self, world: World, plant: Plant | None = None) -> None:
        """Begin empty."""
        self.tables = Tables()
        self.durable = Durable()
        self._world = world
        self._plant = plant

    def ask(self, statement: Statement, answered: Answered) -> None:
        """Send a statement; `answered` is called once, with its answer or TIMEOUT."""
        world = self._world
        waiting = [answered]

        def settle(answer: object) -> None:
            if waiting:
                waiting.pop()(answer)

        def arrive() -> None:
            answer = self._apply(statement)
            if not world.chance(world.weather.loss):
                world.after(world.delay(), lambda: settle(answer))

        if not world.chance(world.weather.loss):
            world.after(world.delay(), arrive)
        if world.chance(world.weather.repeat):
            world.after(world.delay() + world.delay(), lambda: self._again(statement))
        world.after(TIMEOUT_MS, lambda: settle(TIMEOUT))

    def write(self, change: Callable[[Tables], None], done: Callable[[], None]) -> None:
        """Do a plain write that its sender repeats until it is done."""

        def arrive() -> None:
            change(self.tables)
            self._world.after(self._world.delay(), done)

        self._world.after(self._world.delay(), arrive)

    def _again(self, statement: Statement) -> None:
        self._apply(statement)

    def _apply(self, statement: Statement) -> object:
        if isinstance(statement, AppendRow):
            return self._append(statement)
        if isinstance(statement, ReadHint) and self._world.chance(0.3):
            return self._world.rng.randint(0, 6)  # Hints may say anything.
        if isinstance(statement, WriteCheckpoint) and statement.part == 0:
            self.durable.checkpoints += 1
        return self.tables.apply(statement)

    def _append(self, asked: AppendRow) -> object:
        if self._plant is Plant.EPOCH_ALONE:
            asked = self._believed(asked)
        applied = self.tables.apply(asked)
        if applied is True:
            records = codec.decode_records(asked.row.body)
            self.durable.add(asked.row.offset, records)
            self._world.tell(
                f"written {asked.row.offset} by epoch {asked.row.w_epoch}: "
                + ", ".join(record.call.session for record in records)
            )
        return applied

    def _believed(self, asked: AppendRow) -> AppendRow:
        """Plant: only the epoch is compared, so a late copy overwrites what stands there."""
        header = self.tables.headers.get((asked.shard, asked.segment))
        if not isinstance(header, Header) or header.epoch != asked.if_epoch:
            return asked
        place = (asked.shard, asked.segment)
        self.tables.headers[place] = msgspec.structs.replace(
            header, tail=asked.if_tail, last_batch=asked.if_last_batch
        )
        return asked
