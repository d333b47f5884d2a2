"""Lets objects leave memory: the idle in time, the coldest when there are too many for it.

In steps of about a millisecond. Memory that much was dropped from is given back to the system: what
is free in whole pages in a thread, what lies between the small objects that stay as `Hollow` does
it. What a host and its workers hold is what the kernel says, not what anybody counts.
"""

import asyncio
import gc
import os
from collections.abc import Callable, Iterable, Iterator

from aidevos.core.record import CheckpointName
from aidevos.runtime.hollow import Hollow
from aidevos.runtime.memory import give_back, held_bytes, machine_bytes
from aidevos_host.config import HostConfig
from aidevos_host.ports import Ports
from aidevos_host.resident import Residents
from aidevos_host.shard import Shard

AT_ONCE = 512
"""Residents that are looked at in one step."""
GIVE_BACK_AFTER = 20_000
"""Objects dropped since memory was given back last, before it is done again."""
REFILL_AFTER = 20_000
"""Objects more than when memory was given back, before what is hollow is filled again."""
MEMORY_LOOK_S = 0.5
PART_DROPPED = 20
"""With too little memory, one in so many objects leaves at each look."""


class Hibernation:
    """What one host's residents take; `run` as a task."""

    def __init__(
        self,
        residents: Residents,
        config: HostConfig,
        ports: Ports,
        pids: Callable[[], Iterable[int]],
        shards: Callable[[], Iterable[Shard]],
    ) -> None:
        """`pids` tells which processes hold the objects: the host and its workers."""
        self._residents = residents
        self._config = config
        self._ports = ports
        self._pids = pids
        self._shards = shards
        self._bytes_max = config.memory_bytes_max or machine_bytes() // 2
        self._dropped = 0
        """Since memory was given back."""
        self._begun = -1
        """Turns begun when the last round of the clock ended."""
        self._written: set[CheckpointName | None] = set()
        """The shards' checkpoints when memory was given back."""
        self._hollow = Hollow()
        self._giving = asyncio.Lock()
        self._rest = 0
        """Residents when memory was given back."""
        self._crowded = asyncio.Event()
        residents.on_more = self._added

    def _added(self) -> None:
        if len(self._residents) > self._config.resident_max:
            self._crowded.set()

    async def run(self) -> None:
        """Go round for as long as the host lives."""
        idle_s = self._config.hibernate_after_ms / 1_000
        async with asyncio.TaskGroup() as group:
            group.create_task(self._every(idle_s / 4, self._drop_idle))
            group.create_task(self._every(MEMORY_LOOK_S, self._keep_memory))
            group.create_task(self._keep_count())

    async def _every(self, seconds: float, work: Callable[[], object]) -> None:
        while True:
            await asyncio.sleep(seconds)
            done = work()
            if asyncio.iscoroutine(done):
                await done

    # ---- one thing each --------------------------------------------------------------------

    async def _drop_idle(self) -> None:
        """One round of the clock."""
        left = len(self._residents)
        before = self._ports.monotonic_ms() - self._config.hibernate_after_ms
        while left > 0:
            self._step(before, pressed=False)
            left -= AT_ONCE
            await asyncio.sleep(0)
        quiet, self._begun = self._begun == self._ports.begun, self._ports.begun
        if quiet and self._written != self._checkpoints():  # They let go of much.
            self._dropped = GIVE_BACK_AFTER
        await self._give_back()

    def _checkpoints(self) -> set[CheckpointName | None]:
        return {shard.machine.fence.checkpoint for shard in self._shards()}

    async def _keep_count(self) -> None:
        """Let the coldest leave whenever there are more than may be."""
        while True:
            await self._crowded.wait()
            self._crowded.clear()
            await asyncio.sleep(0)  # Who was just added is waited for by then.
            await self._drop_coldest(len(self._residents) - self._config.resident_max)

    async def _keep_memory(self) -> None:
        """Let some leave while the processes hold more than they may."""
        self._added()  # Perhaps all were in use when there were too many.
        await self._refill()
        if held_bytes(self._pids()) <= self._bytes_max:
            return
        await self._drop_coldest(1 + len(self._residents) // PART_DROPPED)
        await self._give_back()

    async def _drop_coldest(self, count: int) -> None:
        """Drop `count` objects, or as many as are not in use."""
        rounds = 5  # After so many even the hottest has cooled.
        looks = rounds * (1 + len(self._residents) // AT_ONCE)
        while count > 0 and looks > 0:
            looks -= 1
            count -= self._step(0, pressed=True)
            await asyncio.sleep(0)

    def _step(self, before_ms: int, *, pressed: bool) -> int:
        now_ms = self._ports.monotonic_ms()
        done = self._residents.hibernate(before_ms, AT_ONCE, now_ms=now_ms, pressed=pressed)
        self._dropped += done
        return done

    async def _give_back(self) -> None:
        """Memory goes back in whole pages, so what little stays is made to lie together."""
        if self._dropped < GIVE_BACK_AFTER:
            return
        self._dropped, self._written = 0, self._checkpoints()
        self._residents.shrink()
        for shard in self._shards():
            await asyncio.sleep(0)
            shard.machine.compact()
        gc.collect()  # Of what is young; it also lets go of the interpreter's free lists.
        async with self._giving:
            await asyncio.to_thread(give_back)
            self._rest = len(self._residents)
            await _in_steps(self._hollow.hollow(held_bytes([os.getpid()])))

    async def _refill(self) -> None:
        """Let new objects have the memory that was taken from behind what was free."""
        if len(self._hollow) and len(self._residents) > self._rest + REFILL_AFTER:
            async with self._giving:
                await _in_steps(self._hollow.refill())


async def _in_steps(steps: Iterator[None]) -> None:
    for _ in steps:
        await asyncio.sleep(0)
