"""A Redis server that writes every command to the disk before it answers, and a client of it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from aidevos_cli.bench.contender import Caller
from aidevos_cli.bench.load import ClosedLoops, Target

from benchmarks.baselines import CLIENT
from benchmarks.common import NotHereError, free_port, program

WAITED_S = 10
INSTALL = "not installed here: apt-get install redis-server; pip install redis hiredis"


@contextmanager
def redis_server() -> Iterator[tuple[int, int]]:
    """Run it on a free port of 127.0.0.1 and a fresh directory; yield port and pid.

    Raises NotHereError where server or client library is missing.
    """
    command = shutil.which("redis-server")
    if command is None or find_spec("redis") is None:
        raise NotHereError(INSTALL)
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="aidevos-bench-") as directory:
        place = ("--bind", "127.0.0.1", "--port", str(port), "--dir", directory)
        durable = ("--appendonly", "yes", "--appendfsync", "always", "--save", "")
        with program(command, *place, *durable, "--loglevel", "warning") as process:
            yield port, process.pid


def redis_versions() -> str:
    """Return what is measured; hiredis makes redis-py's parsing faster where it is there."""
    said = subprocess.check_output(["redis-server", "--version"], text=True)
    clients = [f"{name} {version(name)}" for name in ("redis", "hiredis") if find_spec(name)]
    return ", ".join([f"server {said.partition('v=')[2].partition(' ')[0]}", *clients])


@asynccontextmanager
async def redis_client(port: int, connections: int) -> AsyncIterator[Any]:
    """Yield a client with as many connections as it may need, once the server answers."""
    from redis import asyncio as redis  # noqa: PLC0415 (not a dependency of the project)
    from redis.asyncio.retry import Retry  # noqa: PLC0415
    from redis.backoff import ConstantBackoff  # noqa: PLC0415

    retry = Retry(ConstantBackoff(0.05), int(WAITED_S / 0.05))
    client = redis.Redis(port=port, max_connections=connections, retry=retry)
    try:
        await client.ping()
        yield client
    finally:
        await client.aclose()


def increments(client: Any, pid: int, targets: Iterator[Target], outstanding: int) -> Caller:
    """Return INCR as a contender."""

    async def incr(target: Target) -> object:
        return await client.incr(target[1])

    loops = ClosedLoops(incr, targets, outstanding)
    pids = {CLIENT: os.getpid(), "redis": pid}
    return Caller("Redis INCR, appendfsync always", outstanding, loops, pids)
