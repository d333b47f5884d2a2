"""Claim: after kill -9, a server with 100,000 stored objects gives its first answer within 1 s.

The clock runs from the start of the process to the reply of a call of a stored object, over HTTP.
Baseline of the same run: the same server on an empty directory.
"""

import asyncio
import http.client
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from aidevos_host.catalog import Service
from aidevos_host.host import Host
from aidevos_host.policy import OPEN

from aidevos.core.call import Call, CallId
from aidevos.core.ids import ObjectId
from aidevos.objects.executor import InProcessExecutor
from aidevos.storage.log import ShardLog
from aidevos.storage.sqlite import SqliteStore
from benchmarks.common import ROOT, free_port
from benchmarks.result import Found, at_most, fact
from examples.counter import Counter

OBJECTS, CALLERS, RUNS = 100_000, 512, 5
TYPES = str(ROOT / "examples" / "counter.py")


def run() -> Found:
    """Return the median time to the first answer, with and without stored objects."""
    with tempfile.TemporaryDirectory() as empty, tempfile.TemporaryDirectory() as full:
        _fill_and_die(full)
        times = [_first_answer(full, total=1) for _ in range(RUNS)]
        bare = [_first_answer(empty, total=0) for _ in range(RUNS)]
    return Found(
        [
            at_most(
                "restart with 100,000 objects to first answer (median)",
                statistics.median(times),
                "s",
                1.0,
            ),
            fact("the same with no object", statistics.median(bare), "s"),
        ]
    )


def _fill_and_die(data: str) -> None:
    """Make the objects in a process of its own that ends as kill -9 ends it."""
    child = [sys.executable, "-m", "benchmarks.restart", data]
    done = subprocess.run(child, cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL, done


async def _fill(data: str) -> None:
    host = Host(ShardLog(SqliteStore(Path(data) / "aidevos.db")))
    host.catalog.install(Service("default", "own", 1, InProcessExecutor((Counter,)), OPEN))
    await host.start()
    keys = iter(range(OBJECTS))

    async def caller() -> None:
        for key in keys:
            object = ObjectId("default", "Counter", f"k{key}")
            answer = await host.invoke(
                Call(object=object, method="add", id=CallId(session=f"c{key}"))
            )
            assert answer.error is None, answer

    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    os.kill(os.getpid(), signal.SIGKILL)


def _first_answer(data: str, *, total: int) -> float:
    port = free_port()
    places = [f"--admin=127.0.0.1:{port}", "--http=127.0.0.1:0", "--grpc=127.0.0.1:0"]
    command = ["-m", "aidevos_standalone", "--data", data, *places, "--types", TYPES]
    begun = time.perf_counter()
    server = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL, cwd=ROOT)
    try:
        found = _total(port)
        took = time.perf_counter() - begun
        assert found == total, found
        return took
    finally:
        server.kill()
        server.wait()


def _total(port: int) -> int:
    """Ask one counter until it answers: a server that is not there yet refuses the connection."""
    deadline = time.monotonic() + 30
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("POST", "/v1/objects/Counter/k1/total")
            reply = connection.getresponse()
            return int(json.load(reply)["reply"])
        except ConnectionError:
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.005)
        finally:
            connection.close()


if __name__ == "__main__":
    asyncio.run(_fill(sys.argv[1]))
