"""The mark: one number in memory that host and worker share, saying which turn was begun."""

import mmap
import os

from aidevos_worker.frames import MARK_BYTES


def make_mark() -> int:
    """Return a file descriptor of fresh shared memory, holding 0."""
    made = os.memfd_create("mark", os.MFD_CLOEXEC)
    os.ftruncate(made, MARK_BYTES)
    return made


def open_mark(fd: int) -> memoryview:
    """Map the memory behind `fd` (closed here) as one unsigned 64-bit number."""
    try:
        return memoryview(mmap.mmap(fd, MARK_BYTES)).cast("Q")
    finally:
        os.close(fd)
