"""The life of an executor's worker: started, replaced when it is lost, ended when it is idle."""

import asyncio
import contextlib
import logging
from typing import Protocol

from aidevos_worker.frames import LoadBundle, LoadFiles

from aidevos.core.errors import AidevosError, UnavailableError
from aidevos_host.worker_limits import WorkerLimits
from aidevos_host.worker_live import LiveWorker
from aidevos_host.worker_log import LogValve
from aidevos_host.worker_process import Spawner

RESTARTS_AT_ONCE = 5
PAUSE_S, PAUSE_S_MAX = 0.05, 2.0
"""After so many deaths without an answer between, the next start waits, ever longer."""

IDLE_LOOKS = 4
"""Looks per idle time: so much of it may pass beyond it."""

_log = logging.getLogger("aidevos.worker")


class Owner(Protocol):
    """Whose worker it is."""

    used: float
    """When something was last sent to the worker, on the loop's clock."""

    @property
    def busy(self) -> bool:
        """Whether somebody waits for anything."""
        ...

    def use(self, worker: LiveWorker) -> None:
        """Go on with a worker that has loaded."""
        ...

    def died(self, begun: int, why: str) -> str:
        """The worker is no more; return the name of who is to blame, if anybody."""
        ...

    def unavailable(self, error: AidevosError) -> None:
        """No worker can be started."""
        ...


class Supervisor:
    """Keeps one worker alive for as long as its owner lives and needs one."""

    def __init__(
        self,
        name: str,
        spawner: Spawner,
        load: LoadBundle | LoadFiles,
        limits: WorkerLimits,
        owner: Owner,
    ) -> None:
        """`name` is what log lines call the service."""
        self._name = name
        self._spawner = spawner
        self._load = load
        self._limits = limits
        self._owner = owner
        self._valve = LogValve(name, limits.log_bytes_max)
        self._deaths = 0
        self._task: asyncio.Task[None] | None = None
        self.starts = 0
        """Processes started so far."""
        self.wanted = asyncio.Event()
        """Set when there is something to do and no worker."""

    async def start(self) -> None:
        """Start the first one. FailedPreconditionError says why the code does not load."""
        worker = await self._start()
        self._task = asyncio.create_task(self._supervise(worker))

    def answered(self) -> None:
        """The worker answered something: it is not one that dies of everything."""
        self._deaths = 0

    async def close(self) -> None:
        """Supervise no more; a worker that lives goes on. Idempotent."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _start(self) -> LiveWorker:
        worker = await LiveWorker.start(self._spawner, self._load, self._limits, self._valve.say)
        self.starts += 1
        self._owner.use(worker)
        return worker

    async def _start_again(self) -> LiveWorker:
        """Start one more; the code has loaded before, so a first failure may be an accident."""
        try:
            return await self._start()
        except AidevosError as error:
            _log.warning("%s: a worker could not be started: %s", self._name, error)
            return await self._start()

    async def _supervise(self, worker: LiveWorker) -> None:
        while True:
            why = await self._lost_or_idle(worker)
            self.wanted.clear()
            guilty = self._owner.died(worker.begun, why or "was idle")
            if why:
                in_turn = guilty and f"in {guilty}"
                _log.warning("%s: worker %d %s %s", self._name, worker.pid, why, in_turn)
            else:
                await worker.end()
                await self.wanted.wait()
            worker = await self._replace()

    async def _lost_or_idle(self, worker: LiveWorker) -> str:
        """Wait until the worker is lost, and return why; or until it is idle: nothing."""
        limit_s = self._limits.idle_ms / 1_000
        loop = asyncio.get_running_loop()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(limit_s / IDLE_LOOKS):
                    return await worker.lost()
            if not self._owner.busy and loop.time() - self._owner.used >= limit_s:
                return ""

    async def _replace(self) -> LiveWorker:
        while True:
            self._deaths += 1
            if self._deaths > RESTARTS_AT_ONCE:
                exponent = min(self._deaths - RESTARTS_AT_ONCE, 10)
                await asyncio.sleep(min(PAUSE_S * 2**exponent, PAUSE_S_MAX))
            try:
                return await self._start_again()
            except AidevosError as error:
                _log.error("%s: no worker can be started: %s", self._name, error)
                self.wanted.clear()
                why = f"{self._name} cannot run: {error}; it is tried again with the next call"
                self._owner.unavailable(UnavailableError(why))
                await self.wanted.wait()
