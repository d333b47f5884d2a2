"""CPU and memory of processes, as the kernel counts them (Linux)."""

import time
from collections.abc import Mapping
from pathlib import Path

CPU_CLOCK = 2  # CPUCLOCK_SCHED of the kernel's posix-timers.h: to the nanosecond, all threads.


def cpu_ns(pid: int) -> int:
    """Return user and system CPU of process `pid` so far, of its ended threads too."""
    return time.clock_gettime_ns((~pid << 3) | CPU_CLOCK)


def cpu_of(pids: Mapping[str, int]) -> dict[str, int]:
    """Return `cpu_ns` of each named process."""
    return {name: cpu_ns(pid) for name, pid in pids.items()}


def memory_mb(pid: int) -> float:
    """Return what process `pid` holds in memory: its own pages, and its share of shared ones."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name == "Pss":
            return int(rest.split()[0]) / 1_024
    raise AssertionError(f"the kernel says nothing of the memory of {pid}")
