"""A host on memory, a worker below it, and calls with few words."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aidevos_host.catalog import Service
from aidevos_host.config import HostConfig
from aidevos_host.host import Host
from aidevos_host.policy import OPEN
from aidevos_host.worker import WorkerExecutor

from aidevos.core.call import Answer, Call, CallId
from aidevos.core.ids import ObjectId
from aidevos.storage.log import ShardLog
from aidevos.storage.memory import MemoryStore


class World:
    """One host with one service."""

    def __init__(self, host: Host, executor: WorkerExecutor) -> None:
        self.host = host
        self.executor = executor
        self._calls = 0

    async def call(self, address: str, method: str, payload: bytes = b"{}") -> Answer:
        """Call `Type/key`."""
        self._calls += 1
        type_name, _, key = address.partition("/")
        object = ObjectId("default", type_name, key)
        id = CallId(session=f"call-{self._calls}")
        return await self.host.invoke(Call(object=object, method=method, payload=payload, id=id))


@asynccontextmanager
async def world(executor: WorkerExecutor, host: Host | None = None) -> AsyncIterator[World]:
    """Serve `executor`; take everything down at the end."""
    host = host or Host(ShardLog(MemoryStore()), HostConfig(shard_count=2))
    host.catalog.install(
        Service(tenant="default", name="tried", version=1, executor=executor, policy=OPEN)
    )
    await host.start()
    try:
        yield World(host, executor)
    finally:
        host.crash()
        await executor.close()
        await host._log.store.close()


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until `condition` holds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  (what a process does has no event)
            await asyncio.sleep(0.002)


def parent_of(pid: int | None) -> int:
    """Return the parent of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("PPid:")[2].split()[0])


def lives(pid: int) -> bool:
    """Whether a process runs: one that only waits to be reaped does not."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
