"""The conformance kit on the in-process registry."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from aidevos.registry.base import Registry
from aidevos.registry.conformance import RegistryConformance
from aidevos.registry.memory import MemoryRegistry


class TestMemory(RegistryConformance):
    """On a clock that the kit moves."""

    @pytest.fixture(autouse=True)
    async def _world(self) -> AsyncIterator[None]:
        self.now = 1_000
        self.sleepers: list[tuple[int, asyncio.Event]] = []
        self.opened: list[Registry] = []
        yield
        for registry in self.opened:
            await registry.close()

    async def open_registry(self) -> Registry:
        self.opened.append(MemoryRegistry(lambda: self.now, self._sleep))
        return self.opened[-1]

    async def advance(self, ms: int) -> None:
        await asyncio.sleep(0)  # A timer that was just armed begins to wait.
        self.now += ms
        for due, done in self.sleepers:
            if due <= self.now:
                done.set()

    async def _sleep(self, ms: int) -> None:
        done = asyncio.Event()
        self.sleepers.append((self.now + ms, done))
        await done.wait()
