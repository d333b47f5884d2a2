"""Claim: distinct cold objects are revived and called, 512 outstanding.

Cold: the server was stopped and started again since. By turns with the same adds on the same
objects once they are in memory. The files may be in the system's cache.
"""

import tempfile
from pathlib import Path

from aidevos_cli.bench.measured import Measured
from aidevos_cli.bench.targets import each_once

from benchmarks.common import QUICK
from benchmarks.framed import Bench, Work, a_bench, adds
from benchmarks.memory import FILL_S_MAX, fill
from benchmarks.result import Found, Result, at_least, fact, ratio

OBJECTS = 5_000 if QUICK else 50_000
OUTSTANDING = 512
GOALS = (10_000, 20_000)


async def run() -> Found:
    """Return revivals per second, and what is left of the rate of warm objects."""
    with tempfile.TemporaryDirectory(prefix="aidevos-bench-") as directory:
        data = Path(directory)
        async with a_bench(data) as bench:
            await fill(adds(bench.client), OBJECTS)
        async with a_bench(data) as bench:
            before = (await bench.facts.now()).statistics["residents"]
            assert before < OBJECTS // 100, f"{before} objects are not cold"
            cold, warm = [await _each_once(bench, kind) for kind in ("cold", "warm")]
    return Found([_rate(cold), fact("the same by warm", ratio(cold, warm), "x")], [[cold, warm]])


async def _each_once(bench: Bench, kind: str) -> Measured:
    """Measure one add to each object."""
    work = Work(f"add, each object once, {kind}", adds, OBJECTS, pick=each_once)
    caller = await bench.ours(work, OUTSTANDING)
    await caller.round(FILL_S_MAX)
    assert caller.loops.done == OBJECTS, f"only {caller.loops.done:,} were called"
    return caller.measured()


def _rate(cold: Measured) -> Result:
    name = f"revive, {OBJECTS:,} distinct cold objects, {OUTSTANDING} outstanding"
    return at_least(name, cold.calls_per_s, "calls/s", *GOALS)
