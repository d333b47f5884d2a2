"""A client with a plain request_id for each call: one call after another, each until its answer."""

from collections.abc import Callable
from dataclasses import replace

from aidevos.core.errors import ExpiredError, UnavailableError
from aidevos.core.ids import ObjectId
from aidevos.sim.checker import Checker
from aidevos.sim.counters import OBJECTS, OTHER, SHARD_OF, Ask, Method
from aidevos.sim.owner import Owner, route
from aidevos.sim.plants import Plant
from aidevos.sim.world import World

HOT = OBJECTS[1:3]
CALL_TIMEOUT_MS = 400
LATE_MS = 15_000
"""So late a second copy of a call may come."""
METHODS: tuple[Method, ...] = ("add", "add", "take", "read", "read", "spoil")
USUAL: tuple[Method, ...] = (*("add",) * 12, "take", "spoil", "spoil", "huge")
ALONE = tuple(object for object in OBJECTS if object not in OTHER)
IN_GROUP: tuple[Method, ...] = ("add", "take", "read", "move", "match", "sum", "huge", "spoil")


def choose(world: World) -> tuple[ObjectId, Method, int]:
    """Return what to call next: object, method and its number."""
    rng = world.rng
    object = rng.choice(HOT if rng.random() < world.weather.hot else OBJECTS)
    return object, rng.choice(IN_GROUP if object in OTHER else METHODS), world.between(1, 9)


def choose_usual(world: World, objects: list[ObjectId]) -> tuple[ObjectId, Method, int]:
    """Return what may make a burst with others of the frame: mostly a change of `objects`."""
    if world.rng.random() < 0.15:
        return choose(world)
    return world.rng.choice(objects), world.rng.choice(USUAL), world.between(1, 9)


def late_ms(world: World) -> int:
    """Return how much later a second copy of a call comes: half of them soon."""
    return world.between(20, 400 if world.rng.random() < 0.5 else LATE_MS)


class Client:
    """Makes one call after another, each until it has an answer."""

    def __init__(self, world: World, owners: list[Owner], checker: Checker) -> None:
        """Bind to the cluster; `start` begins."""
        self._world = world
        self._owners = owners
        self._checker = checker
        self._left = 0
        self._name = ""
        self._ask: Ask | None = None
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
        if self._left:
            self._left -= 1
            self._world.after(self._world.between(0, 300), self._begin)

    def _begin(self) -> None:
        self._attempt = 0
        world, key = self._world, (f"{self._name}.{self._left}", 1)
        expires = world.now_ms + world.between(2_000, 20_000)
        self._ask = self._checker.ask(*choose(world), key, expires)
        self._send()

    def _send(self) -> None:
        ask, world = self._ask, self._world
        if ask is None:
            return
        self._attempt += 1
        attempt = self._attempt
        self._copy(ask, route(self._owners, SHARD_OF[ask.object]), attempt)
        if world.chance(world.weather.repeat):
            late = route(self._owners, SHARD_OF[ask.object])
            world.after(late_ms(world), lambda: self._copy(ask, late, 0))
        world.after(CALL_TIMEOUT_MS, lambda: self._retry(attempt))

    def _copy(self, ask: Ask, owner: Owner, attempt: int) -> None:
        """Send one copy; a late one may reach any host."""
        world = self._world
        if owner.plant is Plant.EXPIRY_MOVES and attempt != 1:
            ask = replace(ask, expires_ms=world.now_ms + 5_000)
        if not world.chance(world.weather.loss):
            world.after(world.delay(), lambda: owner.call(ask, self._heard(ask, attempt)))

    def _heard(self, ask: Ask, attempt: int) -> Callable[[object], None]:
        def leaves(value: object) -> None:
            self._checker.leaves(ask, value)
            if not self._world.chance(self._world.weather.loss):
                self._world.after(self._world.delay(), lambda: self._arrives(ask, value, attempt))

        return leaves

    def _arrives(self, ask: Ask, value: object, attempt: int) -> None:
        if self._ask is None or ask.key != self._ask.key:
            return
        if isinstance(value, UnavailableError) and not value.metadata.get("surely"):
            if attempt == self._attempt:
                self._attempt += 1
                self._world.after(self._world.between(5, 120), self._send)
            return
        if isinstance(value, UnavailableError | ExpiredError):
            self._checker.surely_not(ask)
        self._next()

    def _retry(self, attempt: int) -> None:
        if self._ask is not None and attempt == self._attempt:
            self._send()
