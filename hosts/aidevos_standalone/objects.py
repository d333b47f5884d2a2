"""The host of this process: all shards, from first call to clean release."""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aidevos_host.config import HostConfig
from aidevos_host.host import Host

from aidevos.runtime.collector import PAUSES, Collector
from aidevos.storage.log import ShardLog
from aidevos_standalone.stop import Stop
from aidevos_standalone.store import Store

SWITCH_S = 0.0005
"""So long the log's thread waits for the interpreter after each commit, at most: with the usual 5
ms, calls waited for hundreds of them while the loop was busy with an index of a million."""


@asynccontextmanager
async def running_host(store: Store, stop: Stop, config: HostConfig) -> AsyncIterator[Host]:
    """Take all shards over; at the end drain, write checkpoints, release.

    After a failure nothing can be written any more: the next start recovers from the log.
    """
    sys.setswitchinterval(SWITCH_S)
    host = Host(ShardLog(store), config)
    host.on_fatal = stop.fatal
    await _start_without_collector(host)
    PAUSES.start()
    collector = asyncio.create_task(Collector(lambda: host.turns_begun).run())
    try:
        yield host
    finally:
        collector.cancel()
        PAUSES.stop()
        if stop.failed:
            host.crash()
        else:
            await host.stop()


async def _start_without_collector(host: Host) -> None:
    """Start the host; what it loads lives long, so the collector need not look at it."""
    gc.disable()
    try:
        await host.start()
    finally:
        gc.enable()
