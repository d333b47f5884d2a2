"""Takes the memory from behind what the interpreter's allocator keeps free.

It hands small objects out of arenas of a megabyte and gives back only one that is wholly free, so a
few objects that stay hold all that a million others left. `Hollow` asks the allocator for its free
blocks and tells the kernel that whole pages of them need no memory; `refill` hands them back. What
it touches is its own by the allocator's contract, and the unused end of a pool that it has whole.
Linux and CPython's pools alone; elsewhere it finds no whole page, and nothing is given back.
"""

import ctypes
import os
import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import repeat
from pathlib import Path

BLOCK = 512
"""Bytes of the largest blocks that the allocator keeps in pools."""
POOL, HEADER = 16 << 10, 48
PER_POOL = (POOL - HEADER) // BLOCK
PAGE = os.sysconf("SC_PAGE_SIZE")
POOLS_AT_ONCE = 32
AT_ONCE = POOLS_AT_ONCE * PER_POOL
"""Blocks of one step."""
STEP = POOLS_AT_ONCE * POOL
SPARE = 2
"""Steps of blocks that stay with the allocator: what is made next finds room there."""
DONE = -1
_DONT_NEED = 4

_api = ctypes.pythonapi
_malloc = _api.PyObject_Malloc
_malloc.restype, _malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
_free = _api.PyObject_Free
_free.restype, _free.argtypes = None, [ctypes.c_void_p]
_libc = ctypes.CDLL(None)


class Hollow:
    """Free blocks of this process that have no memory. One a process; not for several threads."""

    def __init__(self) -> None:
        """Begin with none."""
        self._pools = array("Q")
        """Where pools begin of which every block is held here."""

    def __len__(self) -> int:
        """Return how many pools are held, of 16 KiB each."""
        return len(self._pools)

    def hollow(self, bytes_max: int) -> Iterator[None]:
        """Take the memory from at most so many free bytes; yields between steps of a millisecond.

        It ends when the allocator has none left: the process grows then. Run it to its end.
        """
        taken: list[array[int]] = []
        size = before = _size()
        while len(taken) * STEP < bytes_max and size < before + STEP:
            taken.append(array("Q", map(_malloc, repeat(BLOCK, AT_ONCE))))
            yield
            before, size = size, _size()
        for _ in range(min(SPARE, len(taken))):  # The last of them made the process grow.
            _free_all(taken.pop())
        count: Counter[int] = Counter()
        for blocks in taken:
            count.update([block // POOL for block in blocks if block % BLOCK == HEADER])
            yield
        while taken:
            self._keep_whole(count, taken.pop())
            yield

    def refill(self) -> Iterator[None]:
        """Hand all of it back to the allocator; yields between steps of about a millisecond."""
        while self._pools:
            for _ in range(min(POOLS_AT_ONCE, len(self._pools))):
                _free_all(_blocks(self._pools.pop()))
            yield

    def _keep_whole(self, count: Counter[int], blocks: "array[int]") -> None:
        """Keep pools that are held whole, with nothing behind them; free the other blocks."""
        _free_all([block for block in blocks if 0 <= count[block // POOL] < PER_POOL])
        for number in {block // POOL for block in blocks if count[block // POOL] == PER_POOL}:
            pool, count[number] = number * POOL, DONE
            if _forget(pool + PAGE, POOL - PAGE):
                self._pools.append(pool)
            else:
                _free_all(_blocks(pool))


def _blocks(pool: int) -> range:
    """Return where the blocks of a pool are."""
    return range(pool + HEADER, pool + HEADER + PER_POOL * BLOCK, BLOCK)


def _free_all(blocks: Iterable[int]) -> None:
    for block in blocks:
        _free(block)


def _size() -> int:
    """Return the bytes of this process's address space."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * PAGE


def _forget(begin: int, size: int) -> bool:
    """Take the memory from these pages; False where the kernel cannot."""
    if not sys.platform.startswith("linux"):
        return False
    return bool(_libc.madvise(ctypes.c_void_p(begin), ctypes.c_size_t(size), _DONT_NEED) == 0)
