"""One seed, one world: hosts, clients, faults; then calm, and the checks over everything.

`run(seed)` is what `bin/test` calls a thousand times and what `aidevos sim --seed N` replays.
"""

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aidevos.core.call import Answer
from aidevos.core.chain import GENESIS, check_rows
from aidevos.core.errors import DataLossError
from aidevos.core.ids import ObjectId
from aidevos.core.record import Row
from aidevos.core.turn import Held
from aidevos.sim.checker import Checker
from aidevos.sim.client import Client
from aidevos.sim.counters import OBJECTS, SHARD_OF, SHARDS
from aidevos.sim.disk import Disk
from aidevos.sim.owner import Owner
from aidevos.sim.plants import Plant
from aidevos.sim.session_client import SessionClient
from aidevos.sim.watch import Watcher
from aidevos.sim.world import BUSY, World

HOSTS = 3
PLAIN_CALLS, SESSION_CALLS = (10, 10), (40, 40)
"""Calls of each client."""
WATCHED = (OBJECTS[0], OBJECTS[1])
END_AFTER_CALM_MS = 30_000
FORGOTTEN_AFTER_MS = 40_000
"""By then every call and session has expired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one seed came to; `violation` is empty when every promise held."""

    seed: int
    plant: str
    violation: str
    story: tuple[str, ...]
    calls: int
    reads: int
    items: int
    released: int
    """Answers that were freed by marks."""
    epochs: int
    deaths: int
    """Workers that died."""
    checkpoints: int
    rows: int
    bursts: Mapping[str, int]
    """What became of bursts (admitted) and their calls: taken, cut, apart, replayed, ..."""
    virtual_ms: int

    @property
    def replay(self) -> str:
        """The one command that shows it again."""
        planted = f" --plant {Plant(self.plant).name}" if self.plant else ""
        return f"bin/aidevos sim --seed {self.seed}{planted}"


class Cluster:
    """Everything in one world."""

    def __init__(self, seed: int, plant: Plant | None = None) -> None:
        """Build hosts and clients; nothing happens before `play`."""
        self.world = world = World(seed)
        self.disk = Disk(world, plant)
        self.checker = checker = Checker(self.disk.durable)
        self.owners = owners = [Owner(world, self.disk, f"h{n}", plant) for n in range(HOSTS)]
        self.clients = [Client(world, owners, checker) for _ in PLAIN_CALLS]
        self.sessions = [SessionClient(world, owners, checker) for _ in SESSION_CALLS]
        self.watchers = [
            Watcher(f"w{place}", owners, object, checker) for place, object in enumerate(WATCHED)
        ]

    def play(self) -> None:
        """Let everything happen, then check. AssertionError or DataLossError: a broken promise."""
        for number, calls in enumerate(PLAIN_CALLS):
            self.clients[number].start(f"c{number}", calls)
        for number, calls in enumerate(SESSION_CALLS):
            self.sessions[number].start(f"p{number}", calls)
        for watcher in self.watchers:
            watcher.start()
        self._trouble()
        calm = self.world.weather.calm_ms
        self.world.run(calm)
        for owner in self.owners:
            owner.skew_ms = 0
        self.world.run(calm + END_AFTER_CALM_MS)
        waiting = sum(not one.done for one in self.clients)
        waiting += sum(not one.done for one in self.sessions)
        assert not waiting, f"V1: {waiting} clients still wait after calm"
        for watcher, object in zip(self.watchers, WATCHED, strict=True):
            last = self.disk.durable.version(object)
            assert watcher.last == last, f"V1: {object} was watched up to {watcher.last} of {last}"
            watcher.stop()
        for shard in SHARDS:
            self._check_log(shard)
        assert not self.disk.durable.twice, f"A2: applied twice: {self.disk.durable.twice}"
        self.checker.at_the_end()
        self._check_takeover()

    def _trouble(self) -> None:
        """Crash what runs, move ownership and let clocks jump until it is calm."""
        world, weather = self.world, self.world.weather
        if world.calm:
            return
        owner = world.rng.choice(self.owners)
        match world.between(0 if weather is not BUSY else 3, 10):
            case 0:
                owner.crash()
            case 1:
                owner.skew_ms = world.between(-weather.jump_ms, weather.jump_ms)
            case 2:
                owner.open()
            case 3:
                world.rng.choice(self.sessions).crash()
            case 4 | 5 | 6:
                owner.residence.hibernate()
            case _:
                owner.residence.worker.kill()
        world.after(world.between(1, weather.trouble_every_ms), self._trouble)

    # ---- checks over the whole ---------------------------------------------------------------

    def _check_log(self, shard: int) -> None:
        """L1 to L5 over what is still there; G1: every header that was ever made is."""
        tables = self.disk.tables
        segments = sorted(segment for one, segment in tables.headers if one == shard)
        assert segments == list(range(len(segments))), f"G1: headers {segments}"
        rows = [row for segment in segments for row in self._rows(shard, segment)]
        if rows:
            check_rows(
                rows,
                start=rows[0].offset,
                prev_hash=rows[0].prev_hash if rows[0].offset else GENESIS,
                log_time_ms=0,
            )
            assert rows[-1].offset + 1 == self.disk.durable.tails[shard], "L1: a row is the tail"

    def _rows(self, shard: int, segment: int) -> list[Row]:
        found = self.disk.tables.rows.get((shard, segment), {})
        return [found[offset] for offset in sorted(found)]

    def _check_takeover(self) -> None:
        """S2: a fresh owner without faults finds exactly what is durable, and then forgets it."""
        fresh = Owner(self.world, self.disk, "judge", None)
        fresh.open()
        self.world.run(self.world.now_ms + 5_000)
        for object in OBJECTS:
            self._check_object(fresh, object)
        self._check_remembered(fresh)
        self.world.run(self.world.now_ms + FORGOTTEN_AFTER_MS)
        for shard in SHARDS:
            self._check_forgotten(fresh, shard)

    def _check_object(self, fresh: Owner, object: ObjectId) -> None:
        durable, part = self.disk.durable, fresh.part(SHARD_OF[object])
        assert part is not None, "V1: a lone takeover wins"
        found: list[Held | None] = []
        part.keeper.load(object, found.append)
        self.world.run(self.world.now_ms + 100)
        [held] = found
        assert held is not None, "V1: it stays"
        value = int(held.state or 0) + sum(int(event.body) for event in held.events)
        wanted = (durable.version(object), durable.value(object))
        assert (held.version, value) == wanted, f"S2: {object}: {(held.version, value)}"

    def _check_remembered(self, fresh: Owner) -> None:
        """What the log says of calls that have not expired is remembered, and nothing else."""
        durable = self.disk.durable
        for shard, part in fresh.parts.items():
            calls, now = part.machine.index.calls, part.machine.index.log_time_ms
            found = {(one.request_id, 1) for one in calls.calls_body()}
            for kept in calls.sessions_body():
                mark = durable.released[shard, kept.session]
                assert kept.mark == mark, f"S2: mark {kept.mark} of {kept.session}, said {mark}"
                found.update((kept.session, number) for number, _ in kept.answers)
            wanted = {
                key
                for key, (_, record, _) in durable.calls.items()
                if SHARD_OF[record.object] == shard
                and (record.call.expires_at_ms or 0) > now
                and key[1]
                > (durable.released[shard, key[0]] if record.call.mark is not None else 0)
            }
            assert found == wanted, f"S2: remembered {found ^ wanted}"

    def _check_forgotten(self, fresh: Owner, shard: int) -> None:
        """When clients are quiet, what is remembered of their calls goes."""
        part = fresh.part(shard)
        assert part is not None, "V1: it stays"
        first = next(one for one in OBJECTS if SHARD_OF[one] == shard)
        key = (f"last{shard}", 1)
        ask = self.checker.ask(first, "add", 1, key, self.world.now_ms + 60_000)
        told: list[Any] = []
        fresh.call(ask, told.append)
        self.world.run(self.world.now_ms + 500)
        [answer] = told
        assert isinstance(answer, Answer), f"V1: it answers {answer!r}"
        self.checker.leaves(ask, answer)
        calls = part.machine.index.calls
        assert (calls.count, len(calls.plain), len(calls.sessions)) == (1, 1, 0), (
            f"{calls.count} answers, {list(calls.plain)}, {list(calls.sessions)} are kept"
        )
        assert calls.bytes <= 20, f"{calls.bytes} bytes are counted"


def run(seed: int, plant: Plant | None = None) -> Outcome:
    """Play one seed; never raises for a broken promise, which is the outcome's `violation`."""
    cluster = Cluster(seed, plant)
    violation = ""
    try:
        cluster.play()
    except (AssertionError, DataLossError, LookupError, ValueError) as broken:
        violation = f"{type(broken).__name__}: {broken} ({_where(broken)})"
    tables = cluster.disk.tables
    return Outcome(
        seed=seed,
        plant=plant.value if plant else "",
        violation=violation,
        story=tuple(cluster.world.story),
        calls=len(cluster.disk.durable.calls),
        reads=cluster.checker.reads,
        items=cluster.checker.watched,
        released=sum(cluster.disk.durable.released.values()),
        epochs=max((header.epoch for header in tables.headers.values()), default=0),
        deaths=sum(owner.residence.worker.generation for owner in cluster.owners),
        checkpoints=cluster.disk.durable.checkpoints,
        rows=sum(cluster.disk.durable.tails.values()),
        bursts=cluster.world.counts,
        virtual_ms=cluster.world.now_ms,
    )


def _where(broken: BaseException) -> str:
    """Return the innermost place of an error: a bare assert says nothing else."""
    frame = traceback.extract_tb(broken.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno} {frame.line}"
