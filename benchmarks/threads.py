"""CPU of one process by thread, from /proc."""

import os
from collections import defaultdict
from pathlib import Path

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


def threads_ns(pid: int) -> dict[str, int]:
    """Return nanoseconds of CPU by thread id; the first thread's id is the process's."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return {task.name: int((task / "schedstat").read_text().split()[0]) for task in tasks}
