"""The executor over one worker process at a time, and the supervisor that replaces it."""

import asyncio
import logging

from aidevos_worker.frames import (
    Folded,
    FromWorker,
    LoadBundle,
    LoadFiles,
    Question,
    TurnRan,
)

from aidevos.core.errors import AidevosError, HandlerFailedError, UnavailableError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import GroupReader, Held, TurnRequest, TurnResult, TypeInfo
from aidevos_host.worker_check import complaint
from aidevos_host.worker_group import GroupReads
from aidevos_host.worker_jobs import FoldJob, Job, Jobs, TurnJob
from aidevos_host.worker_limits import WorkerLimits
from aidevos_host.worker_live import LiveWorker
from aidevos_host.worker_log import LogValve
from aidevos_host.worker_process import Spawner

RESTARTS_AT_ONCE = 5
PAUSE_S, PAUSE_S_MAX = 0.05, 2.0
"""After so many deaths without an answer between, the next start waits, ever longer."""

_log = logging.getLogger("aidevos.worker")


class WorkerExecutor:
    """Runs the types of one service. Begins with `start`; `close` ends the process."""

    def __init__(
        self, name: str, spawner: Spawner, load: LoadBundle | LoadFiles, limits: WorkerLimits
    ) -> None:
        """`name` is what log lines call the service."""
        self._name = name
        self._spawner = spawner
        self._load = load
        self._limits = limits
        self._valve = LogValve(name, limits.log_bytes_max)
        self._jobs = Jobs(limits.turns_max, limits.attempts_max)
        self._groups = GroupReads(name)
        self._infos: dict[str, TypeInfo] = {}
        self._worker: LiveWorker | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._wanted = asyncio.Event()
        self._deaths = 0
        self.starts = 0
        """Worker processes started so far: 1 and each restart."""
        self._scheduled = False
        self._closed = False

    async def start(self) -> None:
        """Start the first worker. FailedPreconditionError says why the code does not load."""
        try:
            self._use(await self._start_worker())
        except BaseException:
            await self._spawner.close()
            raise
        self._supervisor = asyncio.create_task(self._supervise())

    # ---- core/turn.Executor ----------------------------------------------------------------

    @property
    def types(self) -> tuple[TypeInfo, ...]:
        """The types that it can run, as its first worker told them."""
        return tuple(self._infos.values())

    async def run(self, request: TurnRequest, group: GroupReader) -> TurnResult:
        """Run one turn; see core/turn.Executor."""
        job = TurnJob(request, group, asyncio.get_running_loop().create_future())
        self._enter(job)
        return await job.future

    async def fold(self, object: ObjectId, held: Held) -> Held:
        """Return `held` with its events folded into the state."""
        job = FoldJob(object, held, asyncio.get_running_loop().create_future())
        self._enter(job)
        return await job.future

    async def close(self) -> None:
        """Let turns under way end, then end the process. Idempotent."""
        self._closed = True
        futures = [job.future for job in (*self._jobs.waiting, *self._jobs.sent.values())]
        if futures:
            await asyncio.wait(futures, timeout=2 * self._limits.turn_ms / 1_000)
        self._groups.cancel()
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.gather(self._supervisor, return_exceptions=True)
        self._jobs.fail_all(self._gone())
        if self._worker is not None:
            await self._worker.end()
        await self._spawner.close()

    # ---- what is known ---------------------------------------------------------------------

    @property
    def worker_pid(self) -> int | None:
        """The process that runs handlers now, or None while it is being replaced."""
        return self._worker.pid if self._worker else None

    @property
    def extras(self) -> tuple[str, ...]:
        """The levels of the jail beyond its floor that the worker has; none if it is plain."""
        loaded = self._worker.loaded if self._worker else None
        return loaded.extras if loaded else ()

    # ---- jobs ------------------------------------------------------------------------------

    def _enter(self, job: Job) -> None:
        if self._closed and isinstance(job, TurnJob):
            job.fail(self._gone())
            return
        self._jobs.add(job)
        self._wanted.set()
        if not self._scheduled:  # What comes in one turn of the loop shares a frame.
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        self._scheduled = False
        worker = self._worker
        if worker is None:
            return
        if messages := self._jobs.to_send():
            worker.send(messages)
            worker.watch.busy()

    def on_messages(self, messages: list[FromWorker]) -> None:
        """Take what the worker answers or asks."""
        worker = self._worker
        assert worker is not None
        for message in messages:
            fits = (
                self._finish(message)
                if isinstance(message, TurnRan | Folded)
                else isinstance(message, Question) and self._ask(worker, message)
            )
            if not fits:
                worker.stop("broke the protocol between host and worker")
                return
        worker.watch.heard()
        if not self._jobs.sent:
            worker.watch.idle()
        if self._jobs.waiting:
            self._pump()

    def _ask(self, worker: LiveWorker, question: Question) -> bool:
        """Begin to answer; False if a worker that keeps to the protocol could not ask this."""
        job = self._jobs.sent.get(question.number)
        return isinstance(job, TurnJob) and self._groups.begin(worker, job, question)

    def _finish(self, answer: TurnRan | Folded) -> bool:
        job = self._jobs.finish(answer)
        if job is None:
            return False
        self._deaths = 0
        if job.future.done():
            return True
        if isinstance(answer, TurnRan):
            assert isinstance(job, TurnJob)
            self._settle(job, answer.result)
        elif answer.held is not None:
            assert isinstance(job, FoldJob)
            job.future.set_result(answer.held)
        else:
            job.fail(_error_of(job, answer))
        return True

    def _settle(self, job: TurnJob, result: TurnResult) -> None:
        if wrong := complaint(job.request, result, self._infos):
            _log.error("%s: %s: %s", self._name, job.name, wrong)
            job.fail(HandlerFailedError(f"{job.name} failed: {wrong}; nothing was changed"))
        else:
            job.future.set_result(result)

    # ---- life ------------------------------------------------------------------------------

    async def _start_worker(self) -> LiveWorker:
        return await LiveWorker.start(self._spawner, self._load, self._limits, self._valve.say)

    def _use(self, worker: LiveWorker) -> None:
        assert worker.loaded is not None
        self._infos = {info.name: info for info in worker.loaded.types}
        self._groups.types = self._infos.keys()
        worker.listen(self)
        self._worker = worker
        self.starts += 1
        self._pump()

    async def _supervise(self) -> None:
        """Replace each worker that is lost, for as long as the executor lives."""
        while True:
            assert self._worker is not None
            why = await self._worker.lost()
            worker, self._worker = self._worker, None
            self._groups.cancel()
            guilty = self._jobs.worker_died(worker.begun, why)
            _log.warning(
                "%s: worker %d %s %s", self._name, worker.pid, why, guilty and f"in {guilty}"
            )
            await self._replace()

    async def _replace(self) -> None:
        while self._worker is None:
            self._deaths += 1
            if self._deaths > RESTARTS_AT_ONCE:
                exponent = min(self._deaths - RESTARTS_AT_ONCE, 10)
                await asyncio.sleep(min(PAUSE_S * 2**exponent, PAUSE_S_MAX))
            try:
                self._use(await self._start_worker())
            except AidevosError as error:
                _log.error("%s: no worker can be started: %s", self._name, error)
                self._wanted.clear()
                why = f"{self._name} cannot run: {error}; it is tried again with the next call"
                self._jobs.fail_all(UnavailableError(why))
                await self._wanted.wait()

    def _gone(self) -> AidevosError:
        return UnavailableError(f"{self._name} is being replaced or stopped; retry")


def _error_of(job: Job, answer: Folded) -> AidevosError:
    if answer.error is None or answer.error.reason not in AidevosError.by_reason:
        return HandlerFailedError(f"{job.name} failed")
    return AidevosError.from_record(answer.error)
