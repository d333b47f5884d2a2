"""Turns through the executor alone, closed loops: CPU microseconds per call in host and worker.

`python -m benchmarks.worker_alone` writes one line of JSON: a row per type and outstanding turns.
`host_us` is the whole process with the executor, `driver_us` of it what this benchmark needs to
ask and to be told (measured with an executor that does nothing), `link_us` the difference.
"""

import asyncio
import json
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import uvloop
from aidevos_cli.bench.processes import cpu_ns
from aidevos_host.worker import WorkerExecutor, start_types

from aidevos.core.ids import ObjectId
from aidevos.core.turn import GroupReader, Held, Turn, TurnRequest, TurnResult
from benchmarks.common import ROOT

OBJECTS = 1_000
WARM_UP, CALLS = 30_000, 200_000

EXAMPLE = (ROOT / "examples" / "counter.py", "Counter", "add")
WIDE = (Path(__file__).parent / "wide.py", "Wide", "touch")


class Loop:
    """Keeps so many turns outstanding until so many have run."""

    def __init__(self, executor: "WorkerExecutor | Nothing", type_name: str, method: str) -> None:
        """Call `method` of objects of one type."""
        self.executor = executor
        self.objects = [ObjectId("default", type_name, f"object-{n}") for n in range(OBJECTS)]
        self.method = method
        self.left = 0
        self.failed = 0
        self._outstanding = 0
        self._ended = asyncio.Event()

    async def run(self, outstanding: int, calls: int) -> None:
        """Run `calls` turns."""
        self._ended.clear()
        self._outstanding = outstanding
        self.left = calls
        for _ in range(outstanding):
            self.executor.run(OneTurn(self))
        await self._ended.wait()

    def next(self) -> TurnRequest | None:
        """Return the next request, None when all were asked for."""
        if self.left <= 0:
            self._outstanding -= 1
            if not self._outstanding:
                self._ended.set()
            return None
        self.left -= 1
        return TurnRequest(
            object=self.objects[self.left * 7 % OBJECTS],
            method=self.method,
            payload=b'{"n":1}',
            principal="anonymous",
            now_ms=1_700_000_000_000,
            seed=self.left << 38 | 12345,
        )


class OneTurn:
    """A turn that is followed by the next (core/turn.Turn)."""

    __slots__ = ("attempts", "deadline_ms", "group", "loop", "request")

    group: GroupReader

    def __init__(self, loop: Loop) -> None:
        """Begin with the first request."""
        self.loop = loop
        self.deadline_ms: int | None = None
        self.attempts = 0
        request = loop.next()
        assert request is not None
        self.request = request

    def ran(self, result: TurnResult) -> None:
        """Go on with the next request."""
        loop = self.loop
        if result.outcome != "ok":
            loop.failed += 1
        following = loop.next()
        if following is not None:
            self.request = following
            loop.executor.run(self)


class Nothing:
    """An executor whose turns are well at once: what is left is the benchmark's own cost."""

    def __init__(self) -> None:
        """Nothing waits."""
        self._waiting: list[Turn] = []

    def run(self, turn: Turn) -> None:
        """End the turn in the next turn of the loop."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._run)
        self._waiting.append(turn)

    def _run(self) -> None:
        waiting, self._waiting = self._waiting, []
        result = TurnResult(outcome="ok")
        for turn in waiting:
            turn.ran(result)


async def driver_us() -> float:
    """Return what asking and being told costs, CPU microseconds per call."""
    loop = Loop(Nothing(), "Counter", "add")
    await loop.run(512, WARM_UP)
    before = time.process_time()
    await loop.run(512, CALLS)
    return (time.process_time() - before) / CALLS * 1e6


async def measure(
    executor: WorkerExecutor, names: Sequence[str], outstanding: int
) -> dict[str, object]:
    """Return one row."""
    loop = Loop(executor, *names)
    for object in loop.objects:
        executor.activate(object, Held())
    await loop.run(outstanding, WARM_UP)
    assert executor.worker_pid is not None
    began, host, worker = (
        time.perf_counter(),
        time.process_time(),
        cpu_ns(executor.worker_pid) / 1e9,
    )
    await loop.run(outstanding, CALLS)
    host, worker = time.process_time() - host, cpu_ns(executor.worker_pid) / 1e9 - worker
    assert not loop.failed, loop.failed
    return {
        "type": names[0],
        "outstanding": outstanding,
        "host_us": round(host / CALLS * 1e6, 2),
        "worker_us": round(worker / CALLS * 1e6, 2),
        "calls_per_second": round(CALLS / (time.perf_counter() - began)),
    }


async def rows(outstanding: Iterable[int] = (64, 512)) -> list[dict[str, object]]:
    """Return all rows."""
    found = []
    driver = await driver_us()
    for file, *names in (EXAMPLE, WIDE):
        executor = await start_types((file,))
        for many in outstanding:
            row = await measure(executor, names, many)
            link = float(str(row["host_us"])) - driver
            found.append({**row, "driver_us": round(driver, 2), "link_us": round(link, 2)})
        await executor.close()
    return found


async def main() -> None:
    """Measure once."""
    print(json.dumps(await rows()))


if __name__ == "__main__":
    uvloop.run(main())
