"""A worker that runs turn by turn when a test says so, in this process, below the real executor.

Frames are encoded and decoded as on the socket; only process, socket and supervisor are left out.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat

from aidevos_host.worker_executor import WorkerExecutor
from aidevos_host.worker_limits import WorkerLimits
from aidevos_host.worker_process import PlainSpawner
from aidevos_host.worker_watch import Watch
from aidevos_worker.answers import Answers
from aidevos_worker.frames import (
    LENGTH,
    Activate,
    AskStates,
    Drop,
    Fold,
    Folded,
    Loaded,
    LoadFiles,
    RunTurns,
    States,
    frame,
    from_worker,
    to_worker,
)

from aidevos.objects import DurableObject
from aidevos.objects.outcome import Ran
from aidevos.objects.runner import Runner

Work = Callable[[], object]


class StepWorker:
    """What `LiveWorker` is to an executor. With `waits`, turns run only when told."""

    pid = 0

    def __init__(self, executor: WorkerExecutor, kind: type[DurableObject], *, waits: bool) -> None:
        self.runner = Runner([kind], lambda where, trace: None)
        self.loaded = Loaded(self.runner.types)
        self.watch = Watch(memoryview(bytearray(8)).cast("Q"), 600_000, lambda: None)
        self.waits = waits
        self.lies: dict[int, Ran] = {}
        """What it answers instead, by the number of the turn."""
        self.frames: list[int] = []
        """Turns of each frame that came."""
        self.begun = 0
        """The mark: the turn that ran last."""
        self.doubted = ""
        self._executor, self._kind = executor, kind
        self._answers = Answers()
        self._todo: deque[Work] = deque()

    def listen(self, listener: object) -> None:
        assert listener is self._executor

    def send(self, messages: Sequence[object]) -> None:
        for message in to_worker(frame(messages)[LENGTH.size :]):
            if isinstance(message, Activate):
                for object, held in message.objects:
                    self.runner.activate(object, held)
            elif isinstance(message, RunTurns):
                self.frames.append(len(message.keys))
                self._todo += self._turns(message)
            elif isinstance(message, Drop):
                self._todo.append(lambda m=message: self.runner.drop(m.objects))  # type: ignore[misc]
            elif isinstance(message, Fold):
                self._todo.append(lambda m=message: self._fold(m))  # type: ignore[misc]
            else:
                assert isinstance(message, AskStates)
                self._todo.append(lambda m=message: self._tell_states(m))  # type: ignore[misc]
        if not self.waits:
            asyncio.get_running_loop().call_soon(self.go)

    def go(self, count: int = 1_000_000) -> None:
        """Do at most `count` things, and tell what they came to in one frame."""
        if self._executor._worker is not self:
            return
        for _ in range(min(count, len(self._todo))):
            self._todo.popleft()()
        self._tell(self._answers.take())

    def doubt(self, why: str) -> None:
        """Its executor ends it, and begins another that forgot everything."""
        self.doubted = why
        self.die(0)

    def die(self, begun: int | None = None) -> "StepWorker":
        """End while it is in the turn that `begun` tells; return the one that goes on."""
        self.watch.close()
        self._executor.died(self.begun if begun is None else begun, "ended")
        again = StepWorker(self._executor, self._kind, waits=self.waits)
        self._executor.use(again)  # type: ignore[arg-type]
        return again

    async def end(self) -> None:
        self.watch.close()

    def _turns(self, message: RunTurns) -> Iterator[Work]:
        columns = (message.which, message.principals, message.now_ms)
        which, principals, now_ms = (c if isinstance(c, list) else repeat(c) for c in columns)
        facts = zip(principals, now_ms, message.seeds, strict=False)
        guards = message.guards or repeat(None)
        rows = zip(which, message.keys, message.payloads, facts, guards, strict=False)
        for number, (at, *call) in enumerate(rows, message.first):
            target = self.runner.target(*message.called[at])
            yield lambda n=number, t=target, c=call: self._run(n, t, *c)  # type: ignore[misc]

    def _run(self, number: int, target: object, key: str, *call: object) -> None:
        self.begun = number
        ran = self.lies.get(number) or self.runner.run(target, key, *call)  # type: ignore[arg-type]
        if isinstance(ran, tuple):
            self._answers.rows.append(ran)
        else:
            self._answers.add_other(ran)

    def _tell_states(self, message: AskStates) -> None:
        found = list(map(self.runner.state, message.objects))
        self._tell([*self._answers.take(), States(message.number, found)])

    def _fold(self, message: Fold) -> None:
        held = self.runner.fold(message.object, message.held)
        self._tell([*self._answers.take(), Folded(message.number, held)])

    def _tell(self, messages: list[object]) -> None:
        if messages:
            self._executor.on_messages(from_worker(frame(messages)[LENGTH.size :]))


def stepped(kind: type[DurableObject], *, waits: bool = True) -> WorkerExecutor:
    """Return an executor whose worker is a StepWorker."""
    executor = WorkerExecutor("stepped", PlainSpawner(), LoadFiles(()), WorkerLimits())
    executor.use(StepWorker(executor, kind, waits=waits))  # type: ignore[arg-type]
    return executor


def worker_of(executor: WorkerExecutor) -> StepWorker:
    """Return the worker that it has now."""
    worker: object = executor._worker
    assert isinstance(worker, StepWorker)
    return worker
