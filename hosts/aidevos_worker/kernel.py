"""System calls that Python does not offer: prctl, unshare, setns, Landlock's. Linux only."""

import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1
PR_GET_DUMPABLE = 3
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38

_libc = ctypes.CDLL(None, use_errno=True)


def prctl(option: int, value: int) -> int:
    """Call prctl; OSError if the kernel refuses."""
    return _check(_libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0))


def unshare(flags: int) -> None:
    """Leave the namespaces of `flags`; OSError if the kernel refuses."""
    _check(_libc.unshare(flags))


def setns(fd: int, flags: int) -> None:
    """Enter the namespace behind `fd`; OSError if the kernel refuses."""
    _check(_libc.setns(fd, flags))


def syscall(number: int, *arguments: object) -> int:
    """Call a system call by its number; OSError if the kernel refuses."""
    return _check(_libc.syscall(ctypes.c_long(number), *arguments))


def die_with(parent: int) -> None:
    """Ask for SIGKILL when the parent ends; leave at once if it has ended already."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def _check(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
