"""Dies with its parent: no process outlives the one that started it."""

import ctypes
import os
import signal

from aidevos.core.errors import UnavailableError

PR_SET_PDEATHSIG = 1


def die_with(parent: int) -> None:
    """Ask the kernel for SIGKILL when the parent ends; refuse if it has ended already."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise UnavailableError(f"prctl failed: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:
        raise UnavailableError(f"process {parent}, which started this one, has ended")
