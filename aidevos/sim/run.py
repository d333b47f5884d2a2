"""One seed, one world: hosts, clients, faults; then calm, and the checks over everything.

`run(seed)` is what `bin/test` calls a few hundred times and what `aidevos sim --seed N` replays.
"""

import traceback
from dataclasses import dataclass
from pathlib import Path

from aidevos.core.chain import GENESIS, check_rows
from aidevos.core.checkpoint import decode_root
from aidevos.core.errors import DataLossError
from aidevos.core.record import Row
from aidevos.sim.client import Client, Seen
from aidevos.sim.counters import OBJECTS, SHARD, Counter
from aidevos.sim.disk import Disk
from aidevos.sim.owner import Owner
from aidevos.sim.plants import Plant
from aidevos.sim.world import Weather, World

HOSTS, CLIENTS, CALLS = 3, 3, 16
END_AFTER_CALM_MS = 30_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one seed came to; `violation` is empty when every promise held."""

    seed: int
    plant: str
    violation: str
    story: tuple[str, ...]
    calls: int
    reads: int
    epochs: int
    checkpoints: int
    rows: int
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
        self.world = World(seed, Weather())
        self.disk = Disk(self.world, plant)
        self.seen = Seen()
        self.owners = [Owner(self.world, self.disk, f"h{n}", plant) for n in range(HOSTS)]
        self.clients = [
            Client(self.world, self.disk, self.owners, self.seen) for _ in range(CLIENTS)
        ]

    def play(self) -> None:
        """Let everything happen, then check. AssertionError or DataLossError: a broken promise."""
        for number, client in enumerate(self.clients):
            client.start(f"c{number}", CALLS)
        self._trouble()
        calm = self.world.weather.calm_ms
        self.world.run(calm)
        for owner in self.owners:
            owner.skew_ms = 0
        self.world.run(calm + END_AFTER_CALM_MS)
        pending = [client for client in self.clients if not client.done]
        assert not pending, f"V1: {len(pending)} clients still wait after calm"
        self._check_log()
        self._check_told()
        self._check_takeover()

    def _trouble(self) -> None:
        """Crash hosts, move ownership and let clocks jump until it is calm."""
        world, weather = self.world, self.world.weather
        if world.calm:
            return
        owner = world.rng.choice(self.owners)
        match world.rng.randint(0, 4):
            case 0:
                owner.crash()
            case 1 | 2:
                owner.skew_ms = world.rng.randint(-weather.jump_ms, weather.jump_ms)
            case _:
                owner.open()
        world.after(world.rng.randint(1, weather.crash_every_ms), self._trouble)

    # ---- checks over the whole ---------------------------------------------------------------

    def _check_log(self) -> None:
        """L1 to L5 and A2 over what is still there; G1: every header that was ever made is."""
        tables, durable = self.disk.tables, self.disk.durable
        assert not durable.twice, f"A2: applied twice: {durable.twice}"
        segments = sorted(segment for shard, segment in tables.headers if shard == SHARD)
        assert segments == list(range(len(segments))), f"G1: headers {segments}"
        rows = [row for seg in segments for row in self._rows(seg)]
        if rows:
            check_rows(
                rows,
                start=rows[0].offset,
                prev_hash=rows[0].prev_hash if rows[0].offset else GENESIS,
                log_time_ms=0,
            )
            assert rows[-1].offset + 1 == durable.tail, "L1: the last row is the tail"

    def _rows(self, segment: int) -> list[Row]:
        found = self.disk.tables.rows.get((SHARD, segment), {})
        return [found[offset] for offset in sorted(found)]

    def _check_told(self) -> None:
        """A1 and the finality of EXPIRED: what was told stays true to the end."""
        durable, seen = self.disk.durable, self.seen
        for session in seen.answers:
            assert session in durable.calls, f"A1: {session} was acknowledged and is gone"
        for told in (seen.expired, seen.surely_not):
            for session, tail in told.items():
                offset = durable.calls.get(session, (-1, None))[0]
                assert offset < tail, f"A2: {session} was applied after its client was told no"

    def _check_takeover(self) -> None:
        """S2: a fresh owner without faults finds exactly what is durable."""
        fresh = Owner(self.world, self.disk, "judge", None)
        fresh.open()
        self.world.run(self.world.now_ms + 5_000)
        assert fresh.machine is not None, "V1: a lone takeover wins"
        for object in OBJECTS:
            values = self.disk.durable.values.get(object, [0])
            found = fresh.counters.get(object, Counter())
            assert (found.version, found.value) == (len(values) - 1, values[-1]), f"S2: {object}"
        checkpoint = fresh.machine.fence.checkpoint
        if checkpoint is not None:
            decode_root(self.disk.tables.checkpoints[SHARD, checkpoint, 0])


def run(seed: int, plant: Plant | None = None) -> Outcome:
    """Play one seed; never raises for a broken promise, which is the outcome's `violation`."""
    cluster = Cluster(seed, plant)
    violation = ""
    try:
        cluster.play()
    except (AssertionError, DataLossError, KeyError) as broken:
        violation = f"{type(broken).__name__}: {broken} ({_where(broken)})"
    tables = cluster.disk.tables
    return Outcome(
        seed=seed,
        plant=plant.value if plant else "",
        violation=violation,
        story=tuple(cluster.world.story),
        calls=len(cluster.disk.durable.calls),
        reads=cluster.seen.reads,
        epochs=max((header.epoch for header in tables.headers.values()), default=0),
        checkpoints=cluster.disk.durable.checkpoints,
        rows=cluster.disk.durable.tail,
        virtual_ms=cluster.world.now_ms,
    )


def _where(broken: BaseException) -> str:
    """Return the innermost place of an error: a bare assert says nothing else."""
    frame = traceback.extract_tb(broken.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno} {frame.line}"
