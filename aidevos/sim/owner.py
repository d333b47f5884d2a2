"""One simulated host: its parts of the log, its executor, the calls that come to it.

It does what `aidevos_host` does with asyncio; a crash drops everything but the disk.
"""

from collections.abc import Callable, Iterator

from aidevos.core.errors import UnavailableError
from aidevos.core.pending import Sink
from aidevos.sim.counters import QUERIES, SHARD_OF, SHARDS, Ask
from aidevos.sim.disk import Disk
from aidevos.sim.part import Part
from aidevos.sim.plants import Plant
from aidevos.sim.residence import Residence
from aidevos.sim.turns import SimTurn
from aidevos.sim.world import World

Reply = Callable[[object], None]


class Waiter:
    """Who waits for the answer to one call that came alone."""

    __slots__ = ("reply",)

    def __init__(self, reply: Reply) -> None:
        """`reply` is told the answer."""
        self.reply = reply

    def answer(self, number: int, value: object) -> None:
        """Take it (core/pending.Sink)."""
        self.reply(value)


class Owner:
    """A host that may own shards."""

    def __init__(self, world: World, disk: Disk, name: str, plant: Plant | None) -> None:
        """Come up, owning nothing."""
        self.world = world
        self.disk = disk
        self.name = name
        self.plant = plant
        self.skew_ms = 0
        self.life = 0
        self.residence = Residence(world, plant)
        self.parts: dict[int, Part] = {}
        self.nonces = self._fresh_nonces()

    @property
    def clock_ms(self) -> int:
        """What its clock says."""
        return max(0, self.world.now_ms + self.skew_ms)

    # ---- life ------------------------------------------------------------------------------

    def crash(self) -> None:
        """Kill -9, its worker with it: everything volatile is gone, nobody is told."""
        self.world.tell(f"{self.name} crashes")
        self.life += 1
        for part in self.parts.values():
            part.alive = False
        self.parts.clear()
        self.residence = Residence(self.world, self.plant)

    def open(self) -> None:
        """Take all shards over that are not here or on their way."""
        for shard in SHARDS:
            self._open(shard)

    def part(self, shard: int) -> Part | None:
        """Return the shard's part here; None while it is opened, which then begins."""
        part = self.parts.get(shard)
        if part is not None and part.alive and part.serves:
            return part
        self._open(shard)
        return None

    def epoch(self, shard: int) -> int:
        """Return the epoch under which it serves the shard; 0 if it does not."""
        part = self.parts.get(shard)
        return part.machine.fence.epoch if part is not None and part.alive and part.serves else 0

    def _open(self, shard: int) -> None:
        part = self.parts.get(shard)
        if part is None or not part.alive:
            self.parts[shard] = Part(self, shard)
            self.parts[shard].open()

    # ---- calls -----------------------------------------------------------------------------

    def call(self, ask: Ask, reply: Reply) -> None:
        """Take one copy of a call with a plain request_id."""
        part = self.part(SHARD_OF[ask.object])
        if part is None:
            reply(UnavailableError("the shard is not here"))
            return
        turn = self.turn(Waiter(reply), ask, part)
        if ask.method in QUERIES:
            part.machine.arrive_query(turn, self.clock_ms)
        else:
            turn.scope = ("default", "anonymous", ask.session)
            turn.expires_at_ms, turn.payload_hash = ask.expires_ms, ask.payload_hash
            if not part.machine.arrive_change(turn, self.clock_ms):
                part.touch()
                return
        turn.admitted()

    def turn(self, sink: Sink, ask: Ask, part: Part) -> SimTurn:
        """Return a turn, to be admitted."""
        residence = self.residence
        return SimTurn(sink, ask, residence, residence.resident(ask.object, part))

    def _fresh_nonces(self) -> Iterator[str]:
        count = 0
        while True:
            count += 1
            yield f"{self.name}-{count}"


def route(owners: list[Owner], shard: int) -> Owner:
    """Return the host with the shard's highest epoch, or any other now and then."""
    world = owners[0].world
    if not world.calm and world.rng.random() < world.weather.wander:
        return world.rng.choice(owners)
    return max(owners, key=lambda owner: owner.epoch(shard))
