"""Claims about a million small objects: their memory, and the tail of calls among them.

One server goes through it: a million counters are made, their memory is looked at, adds run among
them at random with 512 outstanding, then nobody calls until all have left memory by being idle.
"""

import os
import subprocess
import sys

from aidevos_cli.bench.measured import Measured

from benchmarks.common import QUICK, ROOT
from benchmarks.framed import Work, a_bench, adds, by_turns
from benchmarks.memory import Memory, fill, hibernated, memory_now
from benchmarks.result import Found, Result, at_most, fact, not_here

MILLION = 1_000_000
OBJECTS = int(os.environ.get("OBJECTS", "20_000" if QUICK else MILLION))
IDLE_S = float(os.environ.get("IDLE_S", "10" if QUICK else "60"))
"""Longer where making them takes longer: else the first sleep before the last are there."""
OUTSTANDING = 512
WORK = Work("durable framed call among all of them", adds, OBJECTS)


async def run() -> Found:
    """Return megabytes resident and hibernated, and p99.9 while resident."""
    async with a_bench(None, "--hibernate-after", str(IDLE_S)) as bench:
        empty = await memory_now(bench.facts)
        rate = await fill(adds(bench.client), OBJECTS)
        resident = await memory_now(bench.facts)
        calls = (await by_turns(await bench.ours(WORK, OUTSTANDING)))[0]
        asleep = await hibernated(bench.facts, IDLE_S * 2)
    return Found(
        [
            fact("making them", rate, "calls/s"),
            fact("a dict of as many totals", _dict_mb(), "MB"),
            fact("host and worker without objects", empty.total_mb, "MB", empty.said()),
            _memory("resident", resident, resident.residents, (800, 500)),
            _tail(calls, resident),
            _memory("hibernated", asleep, asleep.objects - asleep.residents, (250, 100)),
        ],
        [[calls]],
    )


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


def _tail(calls: Measured, memory: Memory) -> Result:
    name = f"p99.9 among {OBJECTS:,} resident objects, {OUTSTANDING} outstanding"
    if memory.residents < OBJECTS:
        return not_here(name, f"only {memory.residents:,} are resident; see IDLE_S")
    return at_most(name, calls.p999_ms, "ms", 60, 25)
