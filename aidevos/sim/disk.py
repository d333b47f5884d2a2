"""The store of the simulated cluster: real conditional statements, unreliable ways to it.

Appends of all shards that arrive together share a transaction, as in SQLite: one that is not
applied is left out, its neighbours commit. The disk also watches: whatever becomes durable is
noted, so that checks compare what leaves a host with what the log holds at that instant.
"""

from collections.abc import Callable

import msgspec

from aidevos.core import codec
from aidevos.core.record import Header, single
from aidevos.core.statements import TIMEOUT, AppendRow, ReadHint, Statement, WriteCheckpoint
from aidevos.sim.durable import Durable
from aidevos.sim.plants import Plant
from aidevos.sim.world import World
from aidevos.storage.tables import Tables

TIMEOUT_MS = 200
Answered = Callable[[object], None]


class Disk:
    """Statements travel, wait, get lost, arrive twice; what arrives is applied at once."""

    def __init__(self, world: World, plant: Plant | None = None) -> None:
        """Begin empty."""
        self.tables = Tables()
        self.durable = Durable()
        self._world = world
        self._plant = plant
        self._transaction: list[tuple[AppendRow, Answered]] = []

    def ask(self, statement: Statement, answered: Answered) -> None:
        """Send a statement; `answered` is called once, with its answer or TIMEOUT."""
        world = self._world
        waiting = [answered]

        def settle(answer: object) -> None:
            if waiting:
                waiting.pop()(answer)

        def done(answer: object) -> None:
            if not world.chance(world.weather.loss):
                world.after(world.delay(), lambda: settle(answer))

        if not world.chance(world.weather.loss):
            world.after(world.delay(), lambda: self._arrives(statement, done))
        if world.chance(world.weather.repeat):
            late = world.delay() + world.delay()
            world.after(late, lambda: self._arrives(statement, lambda _: None))
        world.after(TIMEOUT_MS, lambda: settle(TIMEOUT))

    def write(self, change: Callable[[Tables], None], done: Callable[[], None]) -> None:
        """Do a plain write that its sender repeats until it is done."""

        def arrive() -> None:
            change(self.tables)
            self._world.after(self._world.delay(), done)

        self._world.after(self._world.delay(), arrive)

    def _arrives(self, statement: Statement, done: Answered) -> None:
        if isinstance(statement, AppendRow):
            if not self._transaction:
                self._world.after(self._world.between(0, 3), self._commit)
            self._transaction.append((statement, done))
        elif isinstance(statement, ReadHint) and self._world.chance(0.3):
            done(self._world.between(0, 6))  # Hints may say anything.
        else:
            self.durable.checkpoints += (
                isinstance(statement, WriteCheckpoint) and not statement.part
            )
            done(self.tables.apply(statement))

    def _commit(self) -> None:
        """Commit what the transaction holds; who is not applied is left out."""
        transaction, self._transaction = self._transaction, []
        if self._plant is Plant.NEIGHBOURS_ROLLED_BACK and len(transaction) > 1:
            self._all_or_nothing(transaction)
            return
        for asked, done in transaction:
            done(self._append(asked))

    def _all_or_nothing(self, transaction: list[tuple[AppendRow, Answered]]) -> None:
        """Plant: each is told what its own update did; then one failed update takes all back."""
        headers = {place: header for place, header in self.tables.headers.items()}
        fits = [_fits(headers, asked) for asked, _ in transaction]
        for (asked, done), fit in zip(transaction, fits, strict=True):
            done(self._append(asked) if all(fits) else fit)

    def _append(self, asked: AppendRow) -> object:
        if self._plant is Plant.EPOCH_ALONE:
            asked = self._believed(asked)
        applied = self.tables.apply(asked)
        if applied is True:
            records = tuple(single(codec.decode_records(asked.row.body)))
            calls = ", ".join(f"{one.call.session}#{one.call.number}" for one in records)
            self._world.tell(
                f"written {asked.shard}/{asked.row.offset} by epoch {asked.row.w_epoch}: {calls}"
            )
            self.durable.add(asked.shard, asked.row.offset, records)
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


def _fits(headers: dict[tuple[int, int], Header], asked: AppendRow) -> bool:
    header = headers.get((asked.shard, asked.segment))
    return header is not None and (
        (header.epoch, header.tail, header.last_batch, header.sealed)
        == (asked.if_epoch, asked.if_tail, asked.if_last_batch, False)
    )
