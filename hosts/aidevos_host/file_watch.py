"""Tells when a Python file in some folders was written: inotify, so idle means idle."""

import asyncio
import ctypes
import os
import struct
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

IN_CLOSE_WRITE, IN_MOVED_TO = 0x8, 0x80  # Written in place, or renamed over as editors do.
IN_NONBLOCK, IN_CLOEXEC = os.O_NONBLOCK, os.O_CLOEXEC
EVENT = struct.Struct("@iIII")
READ_BYTES = 1 << 16

_libc = ctypes.CDLL(None, use_errno=True)


class FileWatch:
    """Calls `on_change`, on the loop, after a `.py` file beside one of `paths` was written."""

    def __init__(self, paths: Iterable[Path], on_change: Callable[[], None]) -> None:
        """Begin; OSError if the kernel has no watch left."""
        self._on_change = on_change
        self._fd = _check(_libc.inotify_init1(IN_NONBLOCK | IN_CLOEXEC))
        self._loop = asyncio.get_running_loop()
        for folder in {path.resolve().parent for path in paths}:
            mask = IN_CLOSE_WRITE | IN_MOVED_TO
            _check(_libc.inotify_add_watch(self._fd, os.fsencode(folder), mask))
        self._loop.add_reader(self._fd, self._read)

    def close(self) -> None:
        """Stop watching."""
        self._loop.remove_reader(self._fd)
        os.close(self._fd)

    def _read(self) -> None:
        if any(name.endswith(b".py") for name in _names(os.read(self._fd, READ_BYTES))):
            self._on_change()


def _names(events: bytes) -> Iterator[bytes]:
    """Yield the file name of each event."""
    at = 0
    while at < len(events):
        _, _, _, size = EVENT.unpack_from(events, at)
        at += EVENT.size + size
        yield events[at - size : at].rstrip(b"\0")


def _check(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
