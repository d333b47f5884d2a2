"""A worker's work: one turn at a time, answers in frames, a mark at the turn it is in."""

import math
import time
import traceback
from collections import deque

from aidevos.core.errors import AidevosError, HandlerFailedError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import Held, TurnResult
from aidevos.objects.runner import Runner
from aidevos.objects.turn import LoadFailedError, failed
from aidevos_worker.frames import (
    Answer,
    FindObjects,
    Fold,
    Folded,
    FromWorker,
    GetObject,
    GotError,
    GotObject,
    GotObjects,
    Question,
    RunTurn,
    ToWorker,
    TurnRan,
)
from aidevos_worker.output import Output
from aidevos_worker.wire import HostGoneError, Wire

FLUSH_NS = 2_000_000
"""A finished turn waits at most so long for others of its frame."""

FLUSH_BYTES = 1 << 20

CPU_SHARE_MAX = 0.8
"""A worker that used so much of its CPU limit makes room for a fresh one, between turns."""


class Serving:
    """Runs what the host sends until it closes the socket, or until this process is spent."""

    def __init__(
        self,
        wire: Wire,
        mark: memoryview,
        runner: Runner,
        output: Output,
        cpu_s: float = math.inf,
    ) -> None:
        """`mark`: one unsigned 64-bit number that the host sees; `cpu_s`: this process's limit."""
        self._wire = wire
        self._mark = mark
        self._runner = runner
        self._output = output
        self._backlog: deque[ToWorker] = deque()
        self._ready: list[FromWorker] = []
        self._ready_bytes = 0
        self._flushed_ns = 0
        self._cpu_s_max = CPU_SHARE_MAX * cpu_s

    def serve(self) -> None:
        """Serve; returns when a fresh worker should go on. HostGoneError ends it as well."""
        while not self._spent():
            self._backlog.extend(self._wire.read())
            self._flushed_ns = time.monotonic_ns()
            while self._backlog:
                self._do(self._backlog.popleft())
                self._flush_in_time()
            self._flush()

    def ask(self, question: Question) -> Answer:
        """Ask the host in the middle of a turn. What cannot be read ends the turn."""
        self._ready.append(question)
        self._flush()
        self._fold_waiting()
        answer = self._answer()
        if isinstance(answer, GotError):
            raise LoadFailedError(AidevosError.from_record(answer.error))
        return answer

    def _answer(self) -> Answer:
        """Wait for the answer; what else comes is kept for later or, being a fold, done."""
        answer: Answer | None = None
        while answer is None:
            for message in self._wire.read():
                if isinstance(message, RunTurn | Fold):
                    self._backlog.append(message)
                else:
                    assert isinstance(message, Answer), message
                    answer = message
            self._fold_waiting()
        return answer

    def _do(self, message: ToWorker) -> None:
        if isinstance(message, RunTurn):
            self._run(message)
        else:
            assert isinstance(message, Fold), message
            self._fold(message)

    def _run(self, message: RunTurn) -> None:
        number, request = message.number, message.request
        self._mark[0] = number
        try:
            result = self._runner.run(request, _Group(self, number))
        except HostGoneError:
            raise
        except BaseException:  # Boundary: an exception of the code's own that is no Exception.
            where = f"{request.object.type}.{request.method}"
            self._output.report(where, traceback.format_exc(limit=-20))
            result = TurnResult(outcome="failed", error=failed(where).to_record())
        self._mark[0] = 0
        self._add(TurnRan(number, result), len(result.reply))
        self._ready_bytes += sum(len(change.state) for change in result.changes)

    def _fold(self, message: Fold) -> None:
        before, self._mark[0] = self._mark[0], message.number
        try:
            folded = Folded(message.number, self._runner.fold(message.object, message.held))
        except AidevosError as error:
            folded = Folded(message.number, None, error.to_record())
        except BaseException:  # Boundary: as in `_run`.
            self._output.report(f"{message.object.type}.fold", traceback.format_exc(limit=-20))
            bug = HandlerFailedError(f"folding the events of {message.object} failed")
            folded = Folded(message.number, None, bug.to_record())
        self._mark[0] = before
        self._add(folded, len(message.held.state or b""))

    def _fold_waiting(self) -> None:
        """Do the folds that wait: the answer that the turn waits for may need them."""
        folds = [message for message in self._backlog if isinstance(message, Fold)]
        if folds:
            self._backlog = deque(m for m in self._backlog if not isinstance(m, Fold))
            for message in folds:
                self._fold(message)
            self._flush()

    def _spent(self) -> bool:
        """Whether this process comes near its limits; the host starts another one."""
        return self._output.memory_was_short or time.process_time() > self._cpu_s_max

    def _add(self, message: FromWorker, size: int) -> None:
        self._ready.append(message)
        self._ready_bytes += size

    def _flush_in_time(self) -> None:
        now = time.monotonic_ns()
        if now - self._flushed_ns > FLUSH_NS or self._ready_bytes > FLUSH_BYTES:
            self._flush()
            self._flushed_ns = now

    def _flush(self) -> None:
        messages = [*self._output.take(), *self._ready]
        self._ready, self._ready_bytes = [], 0
        if messages:
            self._wire.write(messages)


class _Group:
    """How a turn reads its group (objects.turn.Loader): it asks the host."""

    def __init__(self, serving: Serving, number: int) -> None:
        self._serving = serving
        self._number = number

    def get(self, object: ObjectId) -> Held:
        answer = self._serving.ask(GetObject(self._number, object))
        assert isinstance(answer, GotObject), answer
        return answer.held

    def find(self, tenant: str, type_name: str) -> list[tuple[ObjectId, Held]]:
        answer = self._serving.ask(FindObjects(self._number, tenant, type_name))
        assert isinstance(answer, GotObjects), answer
        return answer.found
