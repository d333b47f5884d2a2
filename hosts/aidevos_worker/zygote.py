"""The zygote: holds everything that generated code needs, and no secret; forks jailed workers.

Started with an empty environment, one thread, no gRPC. It sleeps until the host orders something
or a worker ends; it ends with the host, and its workers end with it.
"""

import contextlib
import gc
import os
import selectors
import signal
import socket

from aidevos.core import codec
from aidevos_worker.jailed import run_jailed
from aidevos_worker.kernel import die_with
from aidevos_worker.orders import (
    ORDER_BYTES_MAX,
    Ended,
    Forked,
    ForkWorker,
    KillWorker,
    Ready,
    Report,
    orders,
)
from aidevos_worker.pidspace import PidSpace
from aidevos_worker.preload import preload
from aidevos_worker.seccomp import Rules, make_rules


def run_zygote(control_fd: int, parent: int) -> None:
    """Serve orders until the host closes the socket."""
    die_with(parent)
    os.environ.clear()
    preload()
    control = socket.socket(fileno=control_fd)
    rules, missing = _rules()
    gc.collect()
    gc.freeze()
    Zygote(control, rules).serve(Ready(missing))


def _rules() -> tuple[Rules | None, str]:
    """Return the filter, or None and what is missing and what to do."""
    try:
        return make_rules(), ""
    except (ImportError, RuntimeError) as error:
        return None, f"libseccomp is missing ({error}); type: apt-get install libseccomp2"
    except OSError as error:
        return None, f"this kernel takes no seccomp filter ({error}); see aidevos doctor"


class Zygote:
    """The loop. `rules` is None where the floor is missing: then nothing is ever forked."""

    def __init__(self, control: socket.socket, rules: Rules | None) -> None:
        """Take over the socket to the host."""
        self._control = control
        self._rules = rules
        self._children: set[int] = set()
        self._pids = PidSpace()
        self._woken, wakes = socket.socketpair()
        self._woken.setblocking(False)
        wakes.setblocking(False)
        signal.set_wakeup_fd(wakes.detach())
        signal.signal(signal.SIGCHLD, lambda number, frame: None)

    def serve(self, ready: Ready) -> None:
        """Serve orders and tell of deaths; returns when the host is gone."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            alive = self._tell(ready)
            while alive:
                for key, _ in selector.select():
                    alive = self._order() if key.fileobj is self._control else self._reap()

    def _tell(self, report: Report) -> bool:
        try:
            self._control.send(codec.encode(report))
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def _order(self) -> bool:
        raw, fds, _, _ = socket.recv_fds(self._control, ORDER_BYTES_MAX, 2)
        if not raw:
            return False
        order = orders.decode(raw)
        if isinstance(order, KillWorker):
            if order.pid in self._children:
                os.kill(order.pid, signal.SIGKILL)
            return True
        try:
            return self._tell(self._fork(order, fds))
        finally:
            for fd in fds:
                os.close(fd)

    def _fork(self, order: ForkWorker, fds: list[int]) -> Forked:
        if self._rules is None:
            return Forked(0, "the floor of the jail is missing")
        try:
            with self._pids.away():
                pid = os.fork()
                if pid == 0:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    run_jailed(fds[0], fds[1], self._rules, order.limits)
        except OSError as error:
            return Forked(0, f"no process can be forked: {error}")
        self._children.add(pid)
        return Forked(pid)

    def _reap(self) -> bool:
        """Tell of every worker that ended."""
        with contextlib.suppress(BlockingIOError):
            self._woken.recv(ORDER_BYTES_MAX)
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            self._children.discard(pid)
            if not self._tell(Ended(pid, os.waitstatus_to_exitcode(status))):
                return False
        return True
