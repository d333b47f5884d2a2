"""The host's end of its zygote: started on first use, shared, ended with its last user.

The host itself never forks (gRPC is not fork-safe): `subprocess` starts the zygote, and the
zygote forks. If it dies, its workers die with it, and the next start makes another.
"""

import asyncio
import logging
import os
import socket
import subprocess
import sys
from collections import deque
from weakref import WeakKeyDictionary

from aidevos_worker.orders import (
    ORDER_BYTES_MAX,
    Ended,
    Forked,
    ForkWorker,
    KillWorker,
    Ready,
    reports,
)
from aidevos_worker.rlimits import JailLimits

from aidevos.core import codec
from aidevos.core.errors import FailedPreconditionError, UnavailableError
from aidevos_host.worker_process import WorkerProcess

START_S = 20.0
GONE = -9
"""Exit code that is told of workers whose zygote is gone: it took them along."""

_log = logging.getLogger("aidevos.worker")


class Zygote:
    """One zygote process."""

    def __init__(self) -> None:
        """Start the process; `ready` waits for it."""
        loop = asyncio.get_running_loop()
        self.users = 0
        self.alive = True
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.setblocking(False)
        self._ready: asyncio.Future[Ready] = loop.create_future()
        self._forks: deque[asyncio.Future[Forked]] = deque()
        self._ends: dict[int, asyncio.Future[int]] = {}
        with theirs:
            self._process = _start(theirs.fileno())
        loop.add_reader(self._control, self._hear)

    async def fork(self, sock: socket.socket, mark_fd: int, limits: JailLimits) -> WorkerProcess:
        """Fork a jailed worker. FailedPreconditionError if the floor of the jail is missing."""
        async with asyncio.timeout(START_S):
            ready = await asyncio.shield(self._ready)
        if ready.missing:
            raise FailedPreconditionError(
                f"generated code is refused here, for it could not be jailed: {ready.missing}"
            )
        answer = asyncio.get_running_loop().create_future()
        self._forks.append(answer)
        order = codec.encode(ForkWorker(limits))
        socket.send_fds(self._control, [order], [sock.fileno(), mark_fd])
        forked = await answer
        if not forked.pid:
            raise UnavailableError(f"no worker process could be started: {forked.why_not}")
        return _Jailed(self, forked.pid, self._ends[forked.pid])

    def kill(self, pid: int) -> None:
        """Kill one of its workers."""
        if self.alive and pid in self._ends:
            self._control.send(codec.encode(KillWorker(pid)))

    def close(self) -> None:
        """End it and its workers."""
        self._lost()
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def _hear(self) -> None:
        try:
            raw = self._control.recv(ORDER_BYTES_MAX)
        except BlockingIOError:
            return
        except ConnectionResetError:
            raw = b""
        if not raw:
            _log.error("the zygote ended; its workers ended with it")
            self.close()
            return
        match reports.decode(raw):
            case Ready() as ready:
                self._ready.set_result(ready)
            case Forked() as forked:
                self._forked(forked)
            case Ended(pid, code):
                self._end(pid, code)

    def _forked(self, forked: Forked) -> None:
        if forked.pid:
            self._ends[forked.pid] = asyncio.get_running_loop().create_future()
        answer = self._forks.popleft()
        if not answer.done():
            answer.set_result(forked)
        elif forked.pid:  # Whoever wanted it was cancelled.
            self.kill(forked.pid)

    def _end(self, pid: int, code: int) -> None:
        ended = self._ends.pop(pid, None)
        if ended is not None and not ended.done():
            ended.set_result(code)

    def _lost(self) -> None:
        if not self.alive:
            return
        self.alive = False
        asyncio.get_running_loop().remove_reader(self._control)
        self._control.close()
        for pid in list(self._ends):
            self._end(pid, GONE)
        why = "the zygote ended"
        for answer in self._forks:
            if not answer.done():
                answer.set_result(Forked(0, why))
        if not self._ready.done():
            self._ready.set_result(Ready(why))


class _Jailed:
    """A worker that the zygote forked (worker_process.WorkerProcess)."""

    def __init__(self, zygote: Zygote, pid: int, ended: "asyncio.Future[int]") -> None:
        self._zygote = zygote
        self.pid = pid
        self._ended = ended

    def kill(self) -> None:
        self._zygote.kill(self.pid)

    async def ended(self) -> int:
        return await asyncio.shield(self._ended)


class JailSpawner:
    """Starts jailed workers from the zygote that this loop's executors share."""

    def __init__(self, limits: JailLimits) -> None:
        """Nothing is started before the first worker."""
        self._limits = limits
        self._zygote: Zygote | None = None

    async def start(self, sock: socket.socket, mark_fd: int) -> WorkerProcess:
        """Fork one."""
        if self._zygote is None or not self._zygote.alive:
            self._zygote = _shared()
            self._zygote.users += 1
        return await self._zygote.fork(sock, mark_fd, self._limits)

    async def close(self) -> None:
        """Let the zygote go; its last user ends it."""
        zygote, self._zygote = self._zygote, None
        if zygote is not None:
            zygote.users -= 1
            if zygote.users == 0:
                zygote.close()


_zygotes: "WeakKeyDictionary[asyncio.AbstractEventLoop, Zygote]" = WeakKeyDictionary()


def _shared() -> Zygote:
    loop = asyncio.get_running_loop()
    zygote = _zygotes.get(loop)
    if zygote is None or not zygote.alive:
        zygote = _zygotes[loop] = Zygote()
    return zygote


def _start(control_fd: int) -> "subprocess.Popen[bytes]":
    """Start it with nothing of this process but one socket and stderr."""
    command = [sys.executable, "-I", "-X", "utf8", "-m", "aidevos_worker"]
    return subprocess.Popen(  # noqa: S603 (our own interpreter and module)
        [*command, "--zygote", str(control_fd), "--parent", str(os.getpid())],
        env={},
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=(control_fd,),
        start_new_session=True,
    )
