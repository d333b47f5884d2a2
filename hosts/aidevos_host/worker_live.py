"""One living worker process: its link, its mark, its clock; from the start until it is lost."""

import asyncio
import os
import socket
from collections.abc import Callable, Sequence
from typing import Protocol

from aidevos_worker.frames import FromWorker, LoadBundle, Loaded, LoadFiles, LoadRefused, Said
from aidevos_worker.mark import make_mark, open_mark

from aidevos.core.errors import FailedPreconditionError
from aidevos_host.worker_limits import WorkerLimits
from aidevos_host.worker_link import WorkerLink
from aidevos_host.worker_process import Spawner, WorkerProcess, ending
from aidevos_host.worker_watch import Watch

ENDS_IN_S = 0.5
"""How long a worker that closed its socket, or was killed, may take until it is reaped."""


class Listener(Protocol):
    """Who hears what a loaded worker says."""

    def on_messages(self, messages: list[FromWorker]) -> None:
        """Take the messages of one frame."""
        ...


class LiveWorker:
    """Made by `start`. `lost` gives why it was lost, for the end of a sentence."""

    def __init__(self, limits: WorkerLimits, mark_fd: int, log: Callable[[Said], None]) -> None:
        """Map the mark; `start` does the rest."""
        loop = asyncio.get_running_loop()
        self.loaded: Loaded | None = None
        self._limits = limits
        self._log = log
        self._mark = open_mark(mark_fd)
        self._listener: Listener | None = None
        self._link: WorkerLink | None = None
        self._process: WorkerProcess | None = None
        self._answer: asyncio.Future[Loaded | LoadRefused | str] = loop.create_future()
        self._closed: asyncio.Future[str] = loop.create_future()
        self._why = ""
        self._doubted = False
        self.watch = Watch(self._mark, limits.turn_ms, self._hangs)

    @classmethod
    async def start(
        cls,
        spawner: Spawner,
        load: LoadBundle | LoadFiles,
        limits: WorkerLimits,
        log: Callable[[Said], None],
    ) -> "LiveWorker":
        """Start a process and load the code. FailedPreconditionError says why it does not."""
        mark_fd = make_mark()
        worker = cls(limits, os.dup(mark_fd), log)
        ours, theirs = socket.socketpair()
        try:
            worker._link = await WorkerLink.open(ours, worker._hear, worker._lose)
            with theirs:
                worker._process = await spawner.start(theirs, mark_fd)
            worker._link.send([load])
            await worker._wait_until_loaded()
        except BaseException:
            await worker.end()
            raise
        finally:
            os.close(mark_fd)
        return worker

    @property
    def begun(self) -> int:
        """The number of the turn that it is in, 0 between turns; also after its end.

        0 as well if it was ended for what it said: it may be in a later turn than the one that
        is to blame.
        """
        return 0 if self._doubted else int(self._mark[0])

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    def listen(self, listener: Listener) -> None:
        """From now on `listener` hears what it says."""
        self._listener = listener

    def send(self, messages: Sequence[object]) -> None:
        """Send one frame."""
        assert self._link is not None
        self._link.send(messages)

    def doubt(self, why: str) -> None:
        """Kill it for what it said: it `why` (the end of a sentence)."""
        self._doubted = True
        self.stop(why)

    def stop(self, why: str) -> None:
        """Kill it, because it `why` (the end of a sentence)."""
        self._why = self._why or why
        if self._process is not None:
            self._process.kill()
        if self._link is not None:
            self._link.close()

    async def lost(self) -> str:
        """Wait until the connection is lost; return why, once the process has ended."""
        why = await asyncio.shield(self._closed)
        self.watch.close()
        code = await self._reap()
        return self._why or why or ending(code)

    async def end(self) -> None:
        """End it, whatever it does. Idempotent."""
        self.stop("was ended")
        self.watch.close()
        await self._reap()

    async def _reap(self) -> int:
        if self._process is None:
            return 0
        try:
            async with asyncio.timeout(ENDS_IN_S):
                return await self._process.ended()
        except TimeoutError:  # It closed its socket and lives on: no worker does that.
            self._process.kill()
            return await self._process.ended()

    async def _wait_until_loaded(self) -> None:
        try:
            async with asyncio.timeout(self._limits.load_ms / 1_000):
                answer = await asyncio.shield(self._answer)
        except TimeoutError:
            raise FailedPreconditionError(
                f"the code did not load within {self._limits.load_ms} ms; is there a loop that "
                "runs when it is imported?"
            ) from None
        if isinstance(answer, LoadRefused):
            raise FailedPreconditionError(answer.message)
        if isinstance(answer, str):
            why = answer or ending(await self._reap())
            raise FailedPreconditionError(f"the code, when it was loaded, {why}")
        self.loaded = answer

    def _hear(self, messages: list[FromWorker]) -> None:
        rest: list[FromWorker] = []
        for message in messages:
            if isinstance(message, Said):
                self._log(message)
            elif isinstance(message, Loaded | LoadRefused):
                if not self._answer.done():
                    self._answer.set_result(message)
            else:
                rest.append(message)
        if rest and self._listener is not None:
            self._listener.on_messages(rest)

    def _lose(self, why: str) -> None:
        self._doubted = self._doubted or bool(why)
        if not self._answer.done():
            self._answer.set_result(self._why or why)
        if not self._closed.done():
            self._closed.set_result(why)

    def _hangs(self) -> None:
        self.stop(f"ran for longer than {self._limits.turn_ms} ms and was stopped")
