"""Starts the parts in order, says `ready`, and takes them down in reverse.

Order: lock, store, host, address file. On stop: address file, host (drained, checkpointed), store,
lock. A store that failed for good ends the process; what was acknowledged is on the disk.
"""

import asyncio
import gc
import os
import secrets
import signal
import sys
from pathlib import Path

import msgspec
from aidevos_host.host import Host
from aidevos_host.ports import wall_ms

from aidevos.core.errors import AidevosError
from aidevos.storage.lock import DirectoryLock
from aidevos.storage.log import ShardLog
from aidevos.storage.sqlite import SqliteStore
from aidevos_standalone.address import Address, write_address

OK, UNAVAILABLE = 0, 5


def tell(event: str, **facts: object) -> None:
    """Write one JSON line for whoever started this process."""
    sys.stdout.buffer.write(msgspec.json.encode({"event": event, **facts}) + b"\n")
    sys.stdout.buffer.flush()


async def serve(data: Path) -> int:
    """Serve until SIGTERM or SIGINT, or until the disk fails; return the exit code."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with DirectoryLock(data):
        store = SqliteStore(data / "aidevos.db")
        try:
            return await _serve_host(Host(ShardLog(store)), data, stop)
        finally:
            await store.close()


async def _serve_host(host: Host, data: Path, stop: asyncio.Event) -> int:
    failures: list[BaseException] = []

    def fatal(error: BaseException) -> None:
        failures.append(error)
        stop.set()

    host.on_fatal = fatal
    await _start_without_collector(host)
    address = Address(pid=os.getpid(), token=secrets.token_urlsafe(32), started_ms=wall_ms())
    path = write_address(data, address)
    try:
        tell("ready", addresses=address.listeners(), pid=address.pid)
        await stop.wait()
    finally:
        path.unlink(missing_ok=True)
    await host.stop()
    for error in failures:
        say_why(error)
    return UNAVAILABLE if failures else OK


async def _start_without_collector(host: Host) -> None:
    """Start the host; what it loads lives long, so the collector never looks at it."""
    gc.disable()
    try:
        await host.start()
    finally:
        gc.freeze()
        gc.enable()


def say_why(error: BaseException) -> None:
    """Tell an expected error as one line: reason and sentence."""
    reason = error.reason if isinstance(error, AidevosError) else "INTERNAL"
    tell("error", reason=reason, message=str(error))
