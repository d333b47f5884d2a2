"""A watcher of an object's events: each committed one is told once, in order.

When the shard moves it watches again, from the last sequence that it has.
"""

from aidevos.core.ids import ObjectId
from aidevos.sim.checker import Checker
from aidevos.sim.counters import SHARD_OF
from aidevos.sim.owner import Owner, route


class Watcher:
    """Watches one object from its first event on, whoever owns it."""

    def __init__(self, name: str, owners: list[Owner], object: ObjectId, checker: Checker) -> None:
        """Bind; `start` begins."""
        self._name = name
        self._owners = owners
        self._object = object
        self._checker = checker
        self._world = owners[0].world
        self._stream = 0
        self._heard_ms = 0

    @property
    def last(self) -> int:
        """The last sequence that it was told."""
        return self._checker.items.get((self._name, self._object), 0)

    def start(self) -> None:
        """Watch at any host that serves the shard; again when nothing is heard for long."""
        world = self._world
        self._stream += 1
        stream = self._stream
        owner = route(self._owners, SHARD_OF[self._object])
        world.after(world.delay(), lambda: self._begin(owner, stream))
        world.after(world.between(500, 2_500), lambda: self._again(stream))

    def stop(self) -> None:
        """Watch no more."""
        self._stream += 1

    def _again(self, stream: int) -> None:
        if stream == self._stream:
            self.start()

    def _begin(self, owner: Owner, stream: int) -> None:
        part = owner.part(SHARD_OF[self._object])
        if part is None or stream != self._stream:
            return
        arrives_ms = 0

        def items(told: list[tuple[int, bytes]] | None) -> None:
            nonlocal arrives_ms
            if stream != self._stream:
                return
            for sequence, body in told or ():
                self._checker.item(self._object, sequence, body)
            arrives_ms = max(arrives_ms, self._world.now_ms + self._world.delay())
            self._world.after(arrives_ms - self._world.now_ms, lambda: self._arrive(told, stream))

        part.feed.watch(self._object, self.last, items)

    def _arrive(self, told: list[tuple[int, bytes]] | None, stream: int) -> None:
        if stream != self._stream:
            return
        if told is None:
            self.start()
            return
        for sequence, _ in told:
            self._checker.arrives(self._name, self._object, sequence)
