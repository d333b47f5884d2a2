"""CPU of one process by thread, from /proc."""

import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

LOOP, OTHERS = "loop", "gRPC's other threads"
OF_PYTHON = ("thread of the log", "gRPC's poller")
"""Python's own threads after the first, in the order of their start."""


class Threads:
    """Counts from its making on."""

    def __init__(self, pid: int, python: tuple[str, ...] = OF_PYTHON) -> None:
        """Begin; `python` names the process's Python threads after the first."""
        self._pid = pid
        self._python = python
        self._ticks = self._now()

    def per_call_us(self, calls: int) -> dict[str, int]:
        """Return microseconds for each of so many calls since then, by thread."""
        us = 1e6 / os.sysconf("SC_CLK_TCK") / calls
        return {
            name: round((ticks - self._ticks.get(name, 0)) * us)
            for name, ticks in self._now().items()
        }

    def _now(self) -> dict[str, int]:
        found: defaultdict[str, int] = defaultdict(int)
        names = iter(self._python)
        for task in sorted(Path(f"/proc/{self._pid}/task").iterdir(), key=lambda p: int(p.name)):
            head, _, rest = (task / "stat").read_text().rpartition(")")
            fields = rest.split()
            if task.name == str(self._pid):
                name = LOOP
            else:
                name = next(names, OTHERS) if head.endswith("(python") else OTHERS
            found[name] += int(fields[11]) + int(fields[12])
        return dict(found)


class Spent(NamedTuple):
    """Nanoseconds of CPU of one thread, and the share of them in the kernel, 0 to 1."""

    ns: float
    kernel: float


def spent_since(pid: int, before: Mapping[str, tuple[int, int, int]]) -> dict[str, Spent]:
    """Return by thread id what process `pid` spent since it was asked for its `clocks`."""
    found: dict[str, Spent] = {}
    for thread, (ns, user, system) in clocks(pid).items():
        ns0, user0, system0 = before.get(thread, (0, 0, 0))
        ticks = user - user0 + system - system0
        found[thread] = Spent(ns - ns0, (system - system0) / ticks if ticks else 0.0)
    return found


def clocks(pid: int) -> dict[str, tuple[int, int, int]]:
    """Return by thread id its nanoseconds, and its ticks in user mode and in the kernel.

    The first thread's id is the process's.
    """
    found: dict[str, tuple[int, int, int]] = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        ns = int((task / "schedstat").read_text().split()[0])
        fields = (task / "stat").read_text().rpartition(")")[2].split()
        found[task.name] = (ns, int(fields[11]), int(fields[12]))
    return found
