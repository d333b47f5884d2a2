"""The executors of this process's services: closed when replaced, and all of them at the end."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from aidevos_host.catalog import Service

from aidevos.core.turn import Executor

E = TypeVar("E", bound=Executor)


class Executors:
    """Owns executors. They outlive the host, which drains its turns through them."""

    def __init__(self) -> None:
        """Own none."""
        self._open: set[Executor] = set()
        self._starting: set[asyncio.Task[Any]] = set()
        self._retiring: set[asyncio.Task[None]] = set()

    def own(self, executor: Executor) -> None:
        """Close it at the end."""
        self._open.add(executor)

    def begin(self, start: Coroutine[None, None, E]) -> "asyncio.Task[E]":
        """Let an executor start beside other things; own it once it has."""
        task = asyncio.ensure_future(self._begun(start))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)
        return task

    async def _begun(self, start: Coroutine[None, None, E]) -> E:
        executor = await start
        self.own(executor)
        return executor

    def retire(self, replaced: Service) -> None:
        """Close a replaced service's executor once the calls that hold it have ended."""
        task = asyncio.ensure_future(self._retire(replaced))
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    async def _retire(self, replaced: Service) -> None:
        await replaced.use.ended()
        self._open.discard(replaced.executor)
        await replaced.executor.close()

    async def close(self) -> None:
        """End everything; nothing calls any more."""
        for task in self._starting:
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        await asyncio.gather(*self._retiring)
        await asyncio.gather(*(executor.close() for executor in self._open))


@asynccontextmanager
async def open_executors() -> AsyncIterator[Executors]:
    """Give an empty owner; close what it owns at the end."""
    executors = Executors()
    try:
        yield executors
    finally:
        await executors.close()
