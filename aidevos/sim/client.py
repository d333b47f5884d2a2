"""Clients of the simulated cluster: they call, lose answers, retry under the same id, and check.

What they saw is checked at once against what the disk holds: an answer must equal the recorded
one, a query must show what was acknowledged before it was asked, EXPIRED must stay true.
"""

from collections.abc import Callable

from aidevos.core.call import Answer
from aidevos.core.errors import AidevosError, ExpiredError, UnavailableError
from aidevos.core.ids import ObjectId
from aidevos.sim.counters import OBJECTS, OTHER, Ask, Method
from aidevos.sim.disk import Disk
from aidevos.sim.owner import Owner
from aidevos.sim.plants import Plant
from aidevos.sim.world import World

CALL_TIMEOUT_MS = 400


class Seen:
    """What any client was told: the newest version of each object that an answer showed."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.version: dict[ObjectId, int] = {}
        self.expired: dict[str, int] = {}
        """Session to the durable tail when EXPIRED reached its client."""
        self.surely_not: dict[str, int] = {}
        self.answers: dict[str, Answer] = {}
        self.reads = 0

    def floor(self, object: ObjectId) -> int:
        """Return the version that a query asked from now on must show at least."""
        return self.version.get(object, 0)


class Client:
    """Makes one call after another, each until it has an answer."""

    def __init__(self, world: World, disk: Disk, owners: list[Owner], seen: Seen) -> None:
        """Bind to the cluster; `start` begins."""
        self._world = world
        self._disk = disk
        self._owners = owners
        self._seen = seen
        self._left = 0
        self._name = ""
        self._target = owners[0]
        self._ask: Ask | None = None
        self._floor = 0
        self._attempt = 0

    @property
    def done(self) -> bool:
        """Whether every call has its answer."""
        return self._ask is None and self._left == 0

    def start(self, name: str, calls: int) -> None:
        """Begin to make `calls` calls."""
        self._name, self._left = name, calls
        self._next()

    def _next(self) -> None:
        self._ask = None
        if self._left == 0:
            return
        self._left -= 1
        rng = self._world.rng
        object = rng.choice(OBJECTS)
        methods: list[Method] = ["add", "add", "take", "read"]
        methods.append("move" if object in OTHER else "add")
        self._ask = Ask(
            object=object,
            method=rng.choice(methods),
            n=rng.randint(1, 9),
            session=f"{self._name}.{self._left}",
            expires_ms=self._world.now_ms + rng.randint(3_000, 30_000),
        )
        self._floor = self._seen.floor(object)
        self._world.after(rng.randint(0, 300), self._send)

    def _send(self) -> None:
        ask, world = self._ask, self._world
        if ask is None:
            return
        self._attempt += 1
        attempt = self._attempt
        if world.rng.random() < 0.25:
            self._target = world.rng.choice(self._owners)
        self._copy(ask, attempt)
        if world.chance(world.weather.repeat):
            world.after(world.delay() * 20, lambda: self._copy(ask, -1))
        world.after(CALL_TIMEOUT_MS, lambda: self._retry(attempt))

    def _copy(self, ask: Ask, attempt: int) -> None:
        """Send one copy; a late one may reach any host."""
        world, owner = self._world, self._target
        if attempt < 0:
            owner = world.rng.choice(self._owners)
        if self._owners[0].plant is Plant.EXPIRY_MOVES and attempt > 1:
            moved = world.now_ms + 30_000
            ask = Ask(ask.object, ask.method, ask.n, ask.session, moved)
        if world.chance(world.weather.loss):
            return
        world.after(world.delay(), lambda: owner.call(ask, self._heard(ask, attempt)))

    def _heard(self, ask: Ask, attempt: int) -> Callable[[object], None]:
        def leaves(value: object) -> None:
            self._check_leaving(ask, value, attempt)
            if not self._world.chance(self._world.weather.loss):
                self._world.after(self._world.delay(), lambda: self._arrives(ask, value))

        return leaves

    def _arrives(self, ask: Ask, value: object) -> None:
        if self._ask is None or ask.session != self._ask.session:
            return
        if isinstance(value, UnavailableError) and not value.metadata.get("surely"):
            self._attempt += 1
            self._world.after(self._world.rng.randint(5, 120), self._send)
            return
        if isinstance(value, UnavailableError):
            self._seen.surely_not[ask.session] = self._disk.durable.tail
        if isinstance(value, ExpiredError):
            self._seen.expired[ask.session] = self._disk.durable.tail
        self._next()

    def _retry(self, attempt: int) -> None:
        if self._ask is not None and attempt == self._attempt:
            self._send()

    # ---- checks at the moment when something leaves a host -----------------------------------

    def _check_leaving(self, ask: Ask, value: object, attempt: int) -> None:
        if isinstance(value, Answer) and ask.method == "read":
            self._check_read(ask, value, attempt)
        elif isinstance(value, Answer):
            self._check_answer(ask, value)
        elif isinstance(value, ExpiredError):
            self._seen.expired.setdefault(ask.session, self._disk.durable.tail)
        elif not isinstance(value, UnavailableError):
            assert isinstance(value, AidevosError), value
            assert ask.session in self._disk.durable.calls, f"{ask.session}: {value} unrecorded"

    def _check_answer(self, ask: Ask, value: Answer) -> None:
        known = self._disk.durable.calls.get(ask.session)
        assert known is not None, f"A4: the answer to {ask.session} left before its commit"
        _, record = known
        recorded = (record.version, record.reply, record.error)
        told = (value.version, value.payload, value.error)
        assert told == recorded, f"A3: {ask.session} was told {told}, recorded is {recorded}"
        assert self._seen.answers.setdefault(ask.session, value).payload == value.payload
        self._check_value(ask.object, value)
        self._note(ask.object, value.version)

    def _check_read(self, ask: Ask, value: Answer, attempt: int) -> None:
        self._check_value(ask.object, value)
        self._seen.reads += 1
        if attempt >= 0 and self._ask is not None and ask.session == self._ask.session:
            assert value.version >= self._floor, (
                f"R1: {ask.session} read {ask.object} at {value.version}, but {self._floor} was "
                "acknowledged before it was asked"
            )
        self._note(ask.object, value.version)

    def _check_value(self, object: ObjectId, value: Answer) -> None:
        values = self._disk.durable.values.get(object, [0])
        assert value.version < len(values), f"A4: {object} shows {value.version}, not durable"
        expected = str(values[value.version]).encode()
        assert value.payload == expected, f"{object}@{value.version}: {value.payload!r}"

    def _note(self, object: ObjectId, version: int) -> None:
        self._seen.version[object] = max(self._seen.floor(object), version)
