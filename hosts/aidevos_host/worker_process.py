"""What starts worker processes, as the executor sees it, and the plain kind."""

import asyncio
import os
import signal
import socket
import sys
from typing import Protocol


class WorkerProcess(Protocol):
    """One started worker."""

    @property
    def pid(self) -> int:
        """Its process id."""
        ...

    def kill(self) -> None:
        """Send SIGKILL; nothing if it has ended."""
        ...

    async def ended(self) -> int:
        """Return its exit code, or minus the signal that ended it."""
        ...


class Spawner(Protocol):
    """Starts workers of one kind."""

    async def start(self, sock: socket.socket, mark_fd: int) -> WorkerProcess:
        """Start one that talks over `sock` and marks in `mark_fd`; both stay the caller's."""
        ...

    async def close(self) -> None:
        """Let go of what starts them."""
        ...


class PlainSpawner:
    """A process like any other, with this one's environment: for a developer's own types."""

    async def start(self, sock: socket.socket, mark_fd: int) -> WorkerProcess:
        """Start one; what its C code prints goes to this process's stderr."""
        arguments = ["--plain", str(sock.fileno()), str(mark_fd), "--parent", str(os.getpid())]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "aidevos_worker", *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sys.__stderr__,
            pass_fds=(sock.fileno(), mark_fd),
            start_new_session=True,  # Ctrl-C is for the server: it ends its workers in order.
        )
        return _Plain(process)

    async def close(self) -> None:
        """Nothing is held."""


class _Plain:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()

    async def ended(self) -> int:
        return await self._process.wait()


def ending(code: int) -> str:
    """Return how a process ended, for the end of a sentence."""
    if code >= 0:
        return f"ended its worker process (exit code {code})"
    number = -code
    if number == signal.SIGSYS:
        return "made a system call that ends a jailed process"
    name = signal.Signals(number).name if number in set(signal.Signals) else str(number)
    meaning = {
        signal.SIGKILL: ": killed, or out of memory",
        signal.SIGSEGV: ": crashed, or recursed too deep",
        signal.SIGXCPU: ": used up its CPU time",
    }.get(number, "")  # type: ignore[call-overload]
    return f"took down its worker process (signal {name}{meaning})"
