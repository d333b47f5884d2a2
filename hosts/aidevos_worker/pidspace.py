"""A process-id namespace of its own for each forked worker: it sees no other process. An extra.

The kernel puts the *children* of whoever left its namespace into a new one, so the zygote leaves
for the length of a fork and comes back. Only root may; otherwise forks are as ever.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from aidevos_worker import kernel

NAME = "process namespace"
CLONE_NEWPID = 0x20000000
HOME = "/proc/self/ns/pid"


class PidSpace:
    """Made once per zygote. `active`: whether forks get a namespace of their own."""

    def __init__(self) -> None:
        """Try it without a fork; where it is not permitted, nothing is changed."""
        self._home = -1
        self.why_not = ""
        try:
            self._home = os.open(HOME, os.O_RDONLY | os.O_CLOEXEC)
            with self.away():
                pass
        except OSError as error:
            self._home = -1
            self.why_not = str(error)

    @contextmanager
    def away(self) -> Iterator[None]:
        """A fork in this context begins a namespace. OSError if the kernel refuses.

        RuntimeError if there is no way back: this process must end then.
        """
        if self._home < 0:
            yield
            return
        kernel.unshare(CLONE_NEWPID)
        try:
            yield
        finally:
            self._come_back()

    def _come_back(self) -> None:
        try:
            kernel.setns(self._home, CLONE_NEWPID)
        except OSError as error:
            raise RuntimeError("there is no way back into the namespace of before") from error


def is_first() -> bool:
    """Whether this process is the first of its namespace."""
    return os.getpid() == 1
