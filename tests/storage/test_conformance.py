"""The conformance kit on the memory store and on SQLite."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from aidevos.storage.base import ConditionalStore
from aidevos.storage.conformance import StoreConformance
from aidevos.storage.memory import MemoryStore
from aidevos.storage.sqlite import SqliteStore


class TestMemory(StoreConformance):
    """A restart of the memory store is another store on the same tables."""

    async def open_store(self) -> ConditionalStore:
        return MemoryStore()

    async def reopen(self, store: ConditionalStore) -> ConditionalStore:
        return MemoryStore(cast(MemoryStore, store).tables)


class TestSqlite(StoreConformance):
    """A real file; a restart closes it and opens it again."""

    @pytest.fixture(autouse=True)
    async def _directory(self, tmp_path: Path) -> AsyncIterator[None]:
        self.path = tmp_path / "log.db"
        self.opened: list[SqliteStore] = []
        yield
        for store in self.opened:
            await store.close()

    async def open_store(self) -> ConditionalStore:
        self.opened.append(SqliteStore(self.path))
        return self.opened[-1]

    async def reopen(self, store: ConditionalStore) -> ConditionalStore:
        await store.close()
        return await self.open_store()


def test_the_kit_has_at_least_sixty_cases() -> None:
    assert len([name for name in dir(StoreConformance) if name.startswith("test_")]) >= 60
