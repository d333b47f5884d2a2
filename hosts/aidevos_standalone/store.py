"""The store of this process: SQLite on the data directory, or memory."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aidevos.storage.memory import MemoryStore
from aidevos.storage.sqlite import SqliteStore
from aidevos_standalone.options import Options

Store = MemoryStore | SqliteStore


@asynccontextmanager
async def open_store(
    options: Options, before_commit: Callable[[], None] | None = None
) -> AsyncIterator[Store]:
    """Open the store; close it at the end. The caller holds the directory's lock.

    `before_commit`: see SqliteStore.
    """
    path = options.data / "aidevos.db"
    store = MemoryStore() if options.memory else SqliteStore(path, before_commit)
    try:
        yield store
    finally:
        await store.close()
