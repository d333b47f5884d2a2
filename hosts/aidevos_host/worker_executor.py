"""The executor over one worker process at a time: what a host asks of it (core/turn.Executor)."""

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from time import monotonic_ns

from aidevos_worker.frames import (
    Answer,
    Drop,
    Folded,
    FromWorker,
    LoadBundle,
    LoadFiles,
    Question,
    States,
    TurnsRan,
)

from aidevos.core.errors import AidevosError, UnavailableError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import Held, Turn, TurnBurst, TypeInfo
from aidevos_host.worker_asks import Asks
from aidevos_host.worker_check import Judge
from aidevos_host.worker_group import GroupReads
from aidevos_host.worker_limits import WorkerLimits
from aidevos_host.worker_live import LiveWorker
from aidevos_host.worker_outbox import Outbox
from aidevos_host.worker_process import Spawner
from aidevos_host.worker_sent import failed
from aidevos_host.worker_supervisor import Supervisor
from aidevos_host.worker_turns import Turns


class WorkerExecutor:
    """Runs the types of one service. Begins with `start`; `close` ends the process."""

    def __init__(
        self, name: str, spawner: Spawner, load: LoadBundle | LoadFiles, limits: WorkerLimits
    ) -> None:
        """`name` is what log lines call the service."""
        self.generation = 1
        self._name = name
        self._spawner = spawner
        self._turns = Turns(limits.turns_max, limits.attempts_max)
        self._asks = Asks(limits.attempts_max)
        self._outbox = Outbox(self._turns, self._asks)
        self._groups = GroupReads(name, self._answer)
        self._supervisor = Supervisor(name, spawner, load, limits, self)
        self._judge = Judge(())
        self._infos: tuple[TypeInfo, ...] = ()
        self._worker: LiveWorker | None = None
        self._limits = limits
        self._drained = asyncio.Event()
        self.used = 0.0
        """When something was last sent to the worker, on the loop's clock."""
        self._scheduled = False
        self._closed = False

    async def start(self) -> None:
        """Start the first worker. FailedPreconditionError says why the code does not load."""
        try:
            await self._supervisor.start()
        except BaseException:
            await self._spawner.close()
            raise

    # ---- core/turn.Executor ----------------------------------------------------------------

    @property
    def types(self) -> tuple[TypeInfo, ...]:
        """The types that it can run, as its worker told them."""
        return self._infos

    def activate(self, object: ObjectId, held: Held) -> None:
        """Hold an object from now on; see core/turn.Executor."""
        self._outbox.activations.append((object, held))
        if not self._scheduled:
            self._schedule()

    def run(self, turn: Turn) -> None:
        """Run one turn; see core/turn.Executor."""
        if self._closed:
            result = failed(self._gone())
            asyncio.get_running_loop().call_soon(turn.ran, result)
            return
        self._turns.add(turn)
        if not self._scheduled:
            self._schedule()

    def run_burst(self, burst: TurnBurst) -> None:
        """Run the turns of a burst; see core/turn.Executor."""
        if self._closed:
            for turn in burst.apart():
                self.run(turn)
            return
        self._turns.add_burst(burst)
        if not self._scheduled:
            self._schedule()

    def drop(self, objects: Iterable[ObjectId]) -> None:
        """Hold these no more, after the turns sent before."""
        self._outbox.behind(Drop(list(objects)))
        if not self._scheduled:
            self._schedule()

    async def states(self, objects: Sequence[ObjectId]) -> list[Held | None]:
        """Return states as the turns sent before left them, None for what is not held."""
        if self._worker is None or not objects:
            return [None] * len(objects)
        message, found = self._asks.states(objects)
        self._outbox.behind(message)
        if not self._scheduled:
            self._schedule()
        return await found

    async def fold(self, object: ObjectId, held: Held) -> Held:
        """Return `held` with its events folded into the state."""
        folded = self._asks.fold(object, held)
        if not self._scheduled:
            self._schedule()
        return await folded

    async def close(self) -> None:
        """Let turns under way end, then end the process. Idempotent."""
        self._closed = True
        if self.busy:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(2 * self._limits.turn_ms / 1_000):
                    await self._drained.wait()
        await self._supervisor.close()
        self.unavailable(self._gone())
        worker, self._worker = self._worker, None
        if worker is not None:
            self._groups.cancel()
            self._turns.worker_died(0, "was ended")
            await worker.end()
        await self._spawner.close()

    # ---- what is known ---------------------------------------------------------------------

    @property
    def starts(self) -> int:
        """Worker processes started so far: 1 and each restart."""
        return self._supervisor.starts

    @property
    def worker_pid(self) -> int | None:
        """The process that runs handlers now, or None while there is none."""
        return self._worker.pid if self._worker else None

    @property
    def extras(self) -> tuple[str, ...]:
        """The levels of the jail beyond its floor that the worker has; none if it is plain."""
        loaded = self._worker.loaded if self._worker else None
        return loaded.extras if loaded else ()

    @property
    def busy(self) -> bool:
        """Whether somebody waits for anything."""
        return bool(self._turns.waiting or self._turns.sent or len(self._asks))

    # ---- to the worker ---------------------------------------------------------------------

    def _schedule(self) -> None:
        self._scheduled = True
        asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        """Send what was called in this turn of the loop."""
        self._scheduled = False
        worker = self._worker
        if worker is None:
            self._supervisor.wanted.set()
            return
        for frame in self._outbox.frames(self._judge, monotonic_ns() // 1_000_000):
            worker.send(frame)
        if self._turns.sent or len(self._asks):
            worker.watch.busy()
            self.used = asyncio.get_running_loop().time()

    def _answer(self, worker: LiveWorker, answer: Answer) -> None:
        """Answer a turn that asked; what the answer takes as held was activated before it."""
        self._pump()
        worker.send([answer])

    # ---- from the worker -------------------------------------------------------------------

    def on_messages(self, messages: list[FromWorker]) -> None:
        """Take what the worker answers or asks."""
        worker = self._worker
        if worker is None:  # It was ended, and its last words are void.
            return
        for message in messages:
            if wrong := self._take(worker, message):
                worker.doubt(wrong)
                return
        self._supervisor.answered()
        worker.watch.heard()
        if not self.busy:
            worker.watch.idle()
            self._drained.set()
        elif self._turns.waiting:
            self._pump()

    def _take(self, worker: LiveWorker, message: FromWorker) -> str:
        """Take one message; return why the worker is to be ended, if so."""
        if isinstance(message, TurnsRan):
            return self._turns.ran(self._judge, message)
        if isinstance(message, Folded | States):
            fits = self._asks.answered(message)
        elif isinstance(message, Question) and (asking := self._turns.asking) is not None:
            fits = self._groups.begin(worker, asking, message)
        else:
            fits = False
        return "" if fits else "broke the protocol between host and worker"

    # ---- its life (worker_supervisor.Owner) ------------------------------------------------

    def use(self, worker: LiveWorker) -> None:
        """Go on with a worker that has loaded."""
        assert worker.loaded is not None
        self._infos = worker.loaded.types
        self._judge = Judge(self._infos)
        self._groups.types = {info.name for info in self._infos}
        self._worker = worker
        worker.listen(self)
        self.used = asyncio.get_running_loop().time()
        self._pump()

    def died(self, begun: int, why: str) -> str:
        """The worker is no more, and what it held is gone; return the name of who is to blame."""
        self._worker = None
        self.generation += 1
        self._outbox.clear()  # It was meant for what is gone: the host activates anew.
        self._groups.cancel()
        guilty = self._asks.worker_died(begun, why)
        guilty = self._turns.worker_died(begun, why) or guilty
        if not self.busy:
            self._drained.set()
        return guilty

    def unavailable(self, error: AidevosError) -> None:
        """No worker can be started: nobody waits for one any longer."""
        self._outbox.clear()
        self._asks.fail_all(error)
        self._turns.fail_waiting(error)
        self._drained.set()

    def _gone(self) -> AidevosError:
        return UnavailableError(f"{self._name} is being replaced or stopped; retry")
