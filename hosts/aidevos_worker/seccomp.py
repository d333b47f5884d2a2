"""The allow-list of system calls: half of the jail's floor. Everything else is EPERM.

Tried with what generated code does: memory, clocks, chance, its one socket. Nothing that opens,
connects, starts or signals. Calls that only an attacker makes end the process at once.
"""

import ctypes
import errno
import mmap
import os
import socket
from collections.abc import Callable
from types import ModuleType
from typing import Protocol, cast

ALLOWED = (
    *("read", "write", "recvfrom", "sendto", "recvmsg", "sendmsg", "readv", "writev", "close"),
    *("fstat", "lseek", "munmap", "mremap", "madvise", "brk", "rt_sigaction", "rt_sigprocmask"),
    *("rt_sigreturn", "sigaltstack", "futex", "clock_gettime", "clock_nanosleep", "gettimeofday"),
    *("nanosleep", "getrandom", "getpid", "gettid", "exit", "exit_group", "poll", "ppoll"),
    *("epoll_wait", "epoll_pwait", "epoll_ctl", "sched_yield", "restart_syscall", "getrusage"),
    *("membarrier", "rseq", "set_robust_list"),
)

NOT_EXECUTABLE = ("mmap", "mprotect")
"""Allowed unless they ask for executable memory (third argument)."""

DEADLY = (
    *("execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev", "kill", "tkill"),
    *("tgkill", "rt_sigqueueinfo", "pidfd_send_signal", "bpf", "mount", "umount2", "pivot_root"),
    *("chroot", "setns", "unshare", "init_module", "finit_module", "kexec_load", "reboot"),
    *("keyctl", "add_key", "request_key", "userfaultfd", "io_uring_setup", "perf_event_open"),
)

UNKNOWN = -1
"""What libseccomp answers for a name that it does not know (__NR_SCMP_ERROR)."""


class Rules(Protocol):
    """A filter that is ready to be loaded."""

    def load(self) -> None:
        """Put it around this process, for good. OSError if the kernel refuses."""
        ...


def make_rules() -> Rules:
    """Return the filter. ImportError, RuntimeError or OSError if libseccomp cannot make it."""
    import pyseccomp  # noqa: PLC0415 (fails where libseccomp is missing; the caller says so)

    rules = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.EPERM))
    executable = pyseccomp.Arg(2, pyseccomp.MASKED_EQ, mmap.PROT_EXEC, 0)
    for action, names, conditions in (
        (pyseccomp.ALLOW, ALLOWED, ()),
        (pyseccomp.ALLOW, NOT_EXECUTABLE, (executable,)),
        (pyseccomp.KILL_PROCESS, DEADLY, ()),
    ):
        for name in names:
            if _known(pyseccomp, name):  # What a library does not know stays refused.
                rules.add_rule(action, name, *conditions)
    return cast(Rules, rules)


def _known(pyseccomp: ModuleType, name: str) -> bool:
    return bool(pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) != UNKNOWN)


def version() -> str:
    """Return libseccomp's version. ImportError, RuntimeError or OSError if there is none."""
    import pyseccomp  # noqa: PLC0415 (as in `make_rules`)

    class Version(ctypes.Structure):
        _fields_ = (("parts", ctypes.c_uint * 3),)

    asked = pyseccomp._libseccomp.seccomp_version
    asked.restype = ctypes.POINTER(Version)
    return ".".join(map(str, asked().contents.parts))


def prove() -> None:
    """Try what must fail; RuntimeError if it does not. For a process with the filter loaded."""
    _must_fail("open a file", lambda: os.close(os.open("/", os.O_RDONLY)))
    _must_fail("open a socket", lambda: socket.socket(socket.AF_UNIX).close())
    _must_fail("fork", _fork)


def _must_fail(what: str, attempt: Callable[[], None]) -> None:
    try:
        attempt()
    except OSError as error:
        if error.errno == errno.EPERM:
            return
        raise RuntimeError(f"the filter does not stop an attempt to {what}: {error}") from error
    raise RuntimeError(f"the filter does not stop an attempt to {what}")


def _fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
