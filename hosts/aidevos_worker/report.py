"""What the jail has on this machine: every level is taken in a child of its own, not guessed."""

import errno
import os
import platform
import socket
import sys
import traceback
from collections.abc import Callable

import msgspec

from aidevos_worker import jail, kernel, landlock, pidspace, seccomp
from aidevos_worker.pidspace import PidSpace
from aidevos_worker.rlimits import JailLimits, set_limits

LIMITS = JailLimits(memory_bytes=512 << 20, cpu_s=10)
DETAIL_BYTES_MAX = 2_000


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """One level of the jail: whether it holds here, and if not, why."""

    name: str
    active: bool
    detail: str = ""


class JailReport(msgspec.Struct, frozen=True, kw_only=True):
    """What is active on this machine. Without the whole floor generated code is refused."""

    floor: tuple[Level, ...]
    extras: tuple[Level, ...]
    python: str
    kernel: str
    libseccomp: str
    user: int

    @property
    def safe(self) -> bool:
        """Whether generated code may run here."""
        return all(level.active for level in self.floor)


def make_report() -> JailReport:
    """Try every level; takes some 0.1 s."""
    floor = (
        _try("resource limits", _try_limits),
        _try("system call allow-list", _try_rules),
        _try("whole jail", _try_whole),
    )
    return JailReport(
        floor=floor,
        extras=(
            _try(pidspace.NAME, _try_pids),
            *(_try(extra.name, _proof(extra)) for extra in jail.extras()),
        ),
        python=platform.python_version(),
        kernel=platform.release(),
        libseccomp=_libseccomp(),
        user=os.geteuid(),
    )


def print_report() -> None:
    """Print the report as one line of JSON."""
    sys.stdout.buffer.write(msgspec.json.encode(make_report()) + b"\n")


def _try(name: str, attempt: Callable[[], None]) -> Level:
    """Run `attempt` in a child; it holds if the child comes through without an exception."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        _be_tried(attempt, write)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        detail = pipe.read(DETAIL_BYTES_MAX).decode(errors="replace")
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code and not detail:
        detail = f"the try ended with {code}"
    return Level(name=name, active=code == 0, detail=detail)


def _be_tried(attempt: Callable[[], None], write: int) -> None:
    code = 1
    try:
        attempt()
        code = 0
    except BaseException as error:  # Boundary: whatever happens is the answer to the parent.
        os.write(write, "".join(traceback.format_exception_only(error)).strip().encode())
    finally:
        os._exit(code)


def _try_limits() -> None:
    set_limits(LIMITS)
    try:
        os.dup(0)
    except OSError as error:
        if error.errno == errno.EMFILE:
            return
    raise RuntimeError("a descriptor could be made beyond the limit")


def _try_rules() -> None:
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    seccomp.make_rules().load()
    seccomp.prove()


def _try_whole() -> None:
    jail.close_jail(seccomp.make_rules(), LIMITS)


def _try_pids() -> None:
    space = PidSpace()
    if space.why_not:
        raise PermissionError(space.why_not)
    with space.away():
        child = os.fork()
        if child == 0:
            os._exit(0 if pidspace.is_first() else 1)
    if os.waitpid(child, 0)[1]:
        raise RuntimeError("the child was not the first of its namespace")


def _proof(extra: jail.Extra) -> Callable[[], None]:
    """Return what takes one extra and looks whether it holds."""
    checks: dict[str, Callable[[], None]] = {
        "network namespace": _only_loopback,
        "other user": _cannot_come_back,
        "landlock": _no_file_opens,
        "no dump": _not_dumpable,
    }

    def attempt() -> None:
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        extra.take()
        checks.get(extra.name, lambda: None)()

    return attempt


def _only_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # Sends nothing: it asks for a route.
        except OSError:
            return
    raise RuntimeError("there is still a way to the network")


def _cannot_come_back() -> None:
    try:
        os.setuid(0)
    except PermissionError:
        return
    raise RuntimeError("the process could become root again")


def _no_file_opens() -> None:
    try:
        os.close(os.open("/", os.O_RDONLY))
    except PermissionError:
        return
    raise RuntimeError(f"a folder could be opened under Landlock {landlock.abi()}")


def _not_dumpable() -> None:
    if kernel.prctl(kernel.PR_GET_DUMPABLE, 0):
        raise RuntimeError("the process can still be dumped and traced")


def _libseccomp() -> str:
    """Return the version of libseccomp, or an empty text."""
    try:
        return seccomp.version()
    except (ImportError, RuntimeError, OSError):
        return ""
