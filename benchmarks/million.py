"""Claims about a million small objects: their memory, and the tail of calls among them.

One server goes through it: a million counters are made, their memory is looked at, adds run among
them at random with 512 outstanding, then nobody calls until all have left memory by being idle. It
lets them stay for as long as making them takes here, which another server is asked for first.
"""

import os
import subprocess
import sys

from aidevos_cli.bench.measured import Measured

from benchmarks.common import QUICK, ROOT, NotHereError
from benchmarks.framed import Work, a_bench, adds, by_turns
from benchmarks.memory import Memory, fill, hibernated, memory_now
from benchmarks.result import Found, Result, at_most, fact, not_here

MILLION = 1_000_000
OBJECTS = int(os.environ.get("OBJECTS", "20_000" if QUICK else MILLION))
TRIED = min(20_000, OBJECTS)
"""Objects that tell how long making all will take."""
LONGER, MARGIN_S = 1.5, 15
"""Among many objects making one takes longer; and the calls among them take a while."""
OUTSTANDING = 512
WORK = Work("durable framed call among all of them", adds, OBJECTS)


async def run() -> Found:
    """Return megabytes resident and hibernated, and p99.9 while resident."""
    expected_s = OBJECTS / await _rate()
    found, took_s = await _measured(LONGER * expected_s + MARGIN_S)
    if found is None:  # The machine was busy: some slept before the last were there.
        found, took_s = await _measured(LONGER * took_s + MARGIN_S)
    if found is None:
        raise NotHereError(f"this machine is too busy: making them took {took_s:.0f} s")
    return found


async def _rate() -> float:
    """Return how many objects this machine makes in a second."""
    async with a_bench() as bench:
        return await fill(adds(bench.client), TRIED)


async def _measured(idle_s: float) -> tuple[Found | None, float]:
    """Return what was found, unless some leave while others are made; and how long making took."""
    async with a_bench(None, "--hibernate-after", f"{idle_s:.0f}") as bench:
        empty = await memory_now(bench.facts)
        rate = await fill(adds(bench.client), OBJECTS)
        resident = await memory_now(bench.facts)
        if resident.residents < OBJECTS:
            return None, OBJECTS / rate
        calls = (await by_turns(await bench.ours(WORK, OUTSTANDING)))[0]
        asleep = await hibernated(bench.facts, 2 * idle_s)
    results = [
        fact("making them", rate, "calls/s"),
        fact("a dict of as many totals", _dict_mb(), "MB"),
        fact("host and worker without objects", empty.total_mb, "MB", empty.said()),
        _memory("resident", resident, resident.residents, (800, 500)),
        _tail(calls),
        _memory("hibernated", asleep, asleep.objects - asleep.residents, (250, 100)),
    ]
    return Found(results, [[calls]]), OBJECTS / rate


def _dict_mb() -> float:
    """Return what a process holds that keeps as many totals in a dict."""
    bare = [sys.executable, "-m", "benchmarks.dict_memory", str(OBJECTS)]
    return float(subprocess.check_output(bare, cwd=ROOT))


def _memory(how: str, memory: Memory, such: int, goals: tuple[float, float]) -> Result:
    """Return the megabytes, against goals if so many objects are such as the claim says."""
    name = f"{OBJECTS:,} small objects {how}, host and worker"
    if such < OBJECTS:
        return not_here(name, f"only {such:,} are {how} ({memory.said()})")
    found = at_most(name, memory.total_mb, "MB", *goals, note=memory.said())
    return found if OBJECTS >= MILLION else fact(name, memory.total_mb, "MB", memory.said())


def _tail(calls: Measured) -> Result:
    name = f"p99.9 among {OBJECTS:,} resident objects, {OUTSTANDING} outstanding"
    note = f"p99 {calls.p99_ms:.0f}, p50 {calls.p50_ms:.0f} ms"
    return at_most(name, calls.p999_ms, "ms", 60, 25, note=note)
