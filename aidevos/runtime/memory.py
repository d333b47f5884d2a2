"""How much memory processes hold, and giving back what they do not need any more.

Linux and glibc only; elsewhere nothing is known and nothing is given back, which costs memory and
nothing else.
"""

import ctypes
import os
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")


def held_bytes(pids: Iterable[int]) -> int:
    """Return what the processes hold for themselves alone; 0 for one that is not there.

    Pages of files (code above all) do not count: the kernel can drop them.
    """
    return sum(map(_held, pids))


def machine_bytes() -> int:
    """Return the memory that this machine, or the group of processes we are in, may use."""
    total = os.sysconf("SC_PHYS_PAGES") * _PAGE
    limit = _read(Path("/sys/fs/cgroup/memory.max"))
    return min(total, int(limit)) if limit.strip().isdigit() else total


def give_back() -> bool:
    """Return free memory of this process to the system; False where that cannot be asked for.

    It may take tens of milliseconds: call it in a thread, after much was dropped.
    """
    trim = _malloc_trim()
    return trim is not None and bool(trim(0))


def _held(pid: int) -> int:
    pages = _read(Path(f"/proc/{pid}/statm")).split()
    return (int(pages[1]) - int(pages[2])) * _PAGE if len(pages) > 2 else 0


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


@cache
def _malloc_trim() -> Callable[[int], int] | None:
    try:
        trim: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return None
    return trim
