"""CPU and memory of processes, as the kernel counts them (Linux)."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

CPU_CLOCK = 2  # CPUCLOCK_SCHED of the kernel's posix-timers.h: to the nanosecond, all threads.


def cpu_ns(pid: int) -> int:
    """Return user and system CPU of process `pid` so far, of its ended threads too."""
    return time.clock_gettime_ns((~pid << 3) | CPU_CLOCK)


class Used(NamedTuple):
    """What one process used so far."""

    cpu_ns: int
    written_bytes: int
    """To disks, as pages of files; 0 where the kernel does not tell."""


def used_by(pids: Mapping[str, int]) -> dict[str, Used]:
    """Return what each named process used so far."""
    return {name: Used(cpu_ns(pid), _written_bytes(pid)) for name, pid in pids.items()}


def _written_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    except OSError:  # A kernel without I/O accounting, or a process of another user.
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes:"))


def memory_mb(pid: int) -> float:
    """Return what process `pid` holds in memory: its own pages, and its share of shared ones."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name == "Pss":
            return int(rest.split()[0]) / 1_024
    raise AssertionError(f"the kernel says nothing of the memory of {pid}")
