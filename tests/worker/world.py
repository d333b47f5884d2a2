"""A keeper, a worker below it, and calls with few words."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aidevos_host.worker import WorkerExecutor
from keeper import Keeper

from aidevos.core.call import Answer
from aidevos.core.errors import AidevosError


class World(Keeper):
    """One service in one worker."""

    executor: WorkerExecutor

    async def call(self, address: str, method: str, payload: bytes = b"{}") -> Answer:
        """Call `Type/key`; what failed is raised, a handler's no is in the answer."""
        result = await self.send(address, method, payload).result
        if result.outcome == "failed":
            assert result.error is not None
            raise AidevosError.from_record(result.error)
        return Answer(version=result.version, payload=result.reply, error=result.error)

    @property
    def objects(self) -> int:
        """How many objects were ever made."""
        return sum(bool(kept.events) for kept in self.kept.values())


@asynccontextmanager
async def world(executor: WorkerExecutor) -> AsyncIterator[World]:
    """Serve `executor`; take everything down at the end."""
    try:
        yield World(executor)
    finally:
        await executor.close()


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
