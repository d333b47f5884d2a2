"""A host without a door, 64 callers in its own process, SQLite, the handler in a worker.

`python -m benchmarks.host_alone` writes one line: {"calls": n, "fsyncs": n, "cpu": {...}}.
"""

import asyncio
import json
import os
import tempfile
import time
from pathlib import Path

import uvloop
from aidevos_host.catalog import Service
from aidevos_host.host import Host
from aidevos_host.policy import OPEN
from aidevos_host.worker import start_types

from aidevos.core.call import Call, CallId
from aidevos.core.ids import object_id
from aidevos.storage.log import ShardLog
from aidevos.storage.sqlite import SqliteStore
from benchmarks.common import ROOT
from benchmarks.threads import Threads

CALLERS, OBJECTS, WARM_UP_S, MEASURED_S = 64, 1_000, 1.0, 4.0


class Callers:
    """64 callers in closed loops; ids never repeat."""

    def __init__(self, host: Host) -> None:
        """Call `host`."""
        self._host = host
        self.done = 0

    async def run(self, seconds: float) -> None:
        """Call for so many seconds."""
        end = time.perf_counter() + seconds
        await asyncio.gather(*(self._caller(caller, end) for caller in range(CALLERS)))

    async def _caller(self, caller: int, end: float) -> None:
        while time.perf_counter() < end:
            key = f"c{self.done * 7 % OBJECTS}"
            call = Call(
                object=object_id("default", "Counter", key),
                method="add",
                payload=b'{"n": 1}',
                id=CallId(f"{caller}-{time.perf_counter_ns()}"),
            )
            await self._host.invoke(call)
            self.done += 1


async def main() -> None:
    """Measure once."""
    with tempfile.TemporaryDirectory() as directory:
        store = SqliteStore(Path(directory) / "aidevos.db")
        host = Host(ShardLog(store))
        worker = await start_types((ROOT / "examples" / "counter.py",))
        host.catalog.install(
            Service(tenant="default", name="bench", version=1, executor=worker, policy=OPEN)
        )
        await host.start()
        callers = Callers(host)
        await callers.run(WARM_UP_S)
        threads, commits, done = Threads(os.getpid()), store.commits, callers.done
        await callers.run(MEASURED_S)
        calls = callers.done - done
        fsyncs = store.commits - commits
        print(json.dumps({"calls": calls, "fsyncs": fsyncs, "cpu": threads.per_call_us(calls)}))
        await host.stop()
        await worker.close()
        await store.close()


if __name__ == "__main__":
    uvloop.run(main())
