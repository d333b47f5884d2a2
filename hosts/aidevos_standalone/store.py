"""The store of this process: SQLite on the data directory, or memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aidevos.storage.memory import MemoryStore
from aidevos.storage.sqlite import SqliteStore

Store = MemoryStore | SqliteStore


@asynccontextmanager
async def open_store(data: Path, *, memory: bool) -> AsyncIterator[Store]:
    """Open the store; close it at the end. The caller holds the directory's lock."""
    store = MemoryStore() if memory else SqliteStore(data / "aidevos.db")
    try:
        yield store
    finally:
        await store.close()
