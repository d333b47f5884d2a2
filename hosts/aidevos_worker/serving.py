"""A worker's work: turns in order, results in frames, a mark at the turn it is in."""

import math
import time
import traceback
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import repeat
from typing import TypeVar

from aidevos.core.errors import AidevosError, HandlerFailedError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import Held
from aidevos.objects.runner import Runner
from aidevos.objects.turn import LoadFailedError
from aidevos_worker.answers import Answers
from aidevos_worker.collector import QUIET_MS, Collector
from aidevos_worker.frames import (
    ASKED,
    Activate,
    Answer,
    AskStates,
    Drop,
    FindObjects,
    Fold,
    Folded,
    GetObject,
    GotError,
    GotObject,
    GotObjects,
    Question,
    RunTurns,
    States,
    ToWorker,
)
from aidevos_worker.output import Output
from aidevos_worker.wire import Wire

T = TypeVar("T")

STATES_BYTES = 1 << 20
FLUSH_NS = 2_000_000
"""A finished turn waits at most so long for others of its frame."""

CPU_SHARE_MAX = 0.8
"""A worker that used so much of its CPU limit makes room for a fresh one, between turns."""


class Serving:
    """Runs what the host sends until it closes the socket, or until this process is spent.

    It is also how the turn in flight reads its group (objects.turn.Loader): it asks the host.
    """

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
        self._answers = Answers()
        self._ready: list[object] = []
        self._flush_ns = 0
        self._cpu_s_max = CPU_SHARE_MAX * cpu_s
        self._collector = Collector()
        runner.turn.loader = self

    def serve(self) -> None:
        """Serve; returns when a fresh worker should go on. HostGoneError ends it as well."""
        while not self._spent():
            if self._wire.waits(QUIET_MS):
                self._collector.quiet()
            self._take(self._wire.read())
            self._flush_ns = time.monotonic_ns() + FLUSH_NS
            while self._backlog:
                self._do(self._backlog.popleft())
            self._mark[0] = 0
            self._flush()
            self._collector.between_frames()

    # ---- what the turn in flight asks ------------------------------------------------------

    def get(self, object: ObjectId) -> Held:
        """Return one object of the group, from the host."""
        answer = self._ask(GetObject(object))
        assert isinstance(answer, GotObject), answer
        return answer.held

    def find(self, tenant: str, type_name: str) -> list[tuple[ObjectId, Held | None]]:
        """Return all objects of a type in the group, as the host knows them."""
        answer = self._ask(FindObjects(tenant, type_name))
        assert isinstance(answer, GotObjects), answer
        return answer.found

    def _ask(self, question: Question) -> Answer:
        """Ask the host in the middle of a turn. What cannot be read ends the turn.

        The results of all turns before go first, so that the host knows what they left.
        """
        self._flush((question,))
        answer: Answer | None = None
        while answer is None:
            answer = self._take(self._wire.read())
        if isinstance(answer, GotError):
            raise LoadFailedError(AidevosError.from_record(answer.error))
        return answer

    # ---- messages --------------------------------------------------------------------------

    def _take(self, messages: Iterable[ToWorker]) -> Answer | None:
        """Do at once what waits for no turn, keep the rest in order; return the answer, if any."""
        answer: Answer | None = None
        for message in messages:
            if isinstance(message, Activate):
                for object, held in message.objects:
                    self._runner.activate(object, held)
            elif isinstance(message, Fold):
                self._fold(message)
            elif isinstance(message, Answer):
                answer = message
            else:
                self._backlog.append(message)
        return answer

    def _do(self, message: ToWorker) -> None:
        if isinstance(message, RunTurns):
            self._run(message)
        elif isinstance(message, Drop):
            self._runner.drop(message.objects)
        else:
            assert isinstance(message, AskStates), message
            self._tell_states(message)

    def _run(self, message: RunTurns) -> None:
        """Run turns. A result waits at most FLUSH_NS for others, which bounds their bytes too."""
        called = [self._runner.target(*names) for names in message.called]
        run, mark, clock = self._runner.run, self._mark, time.monotonic_ns
        rows, add_other = self._answers.rows, self._answers.add_other
        facts = zip(_all(message.principals), _all(message.now_ms), message.seeds, strict=False)
        guards = message.guards or repeat(None)
        calls = zip(
            _all(message.which), message.keys, message.payloads, facts, guards, strict=False
        )
        for number, (which, key, payload, fact, guard) in enumerate(calls, message.first):
            mark[0] = number
            ran = run(called[which], key, payload, fact, guard)
            if isinstance(ran, tuple):
                rows.append(ran)
            else:
                add_other(ran)
            if clock() > self._flush_ns:
                self._flush()

    def _fold(self, message: Fold) -> None:
        before, self._mark[0] = self._mark[0], message.number | ASKED
        try:
            folded = Folded(message.number, self._runner.fold(message.object, message.held))
        except AidevosError as error:
            folded = Folded(message.number, None, error.to_record())
        except BaseException:  # Boundary: an exception of the code's own that is no Exception.
            self._output.report(f"{message.object.type}.fold", traceback.format_exc(limit=-20))
            bug = HandlerFailedError(f"folding the events of {message.object} failed")
            folded = Folded(message.number, None, bug.to_record())
        self._mark[0] = before
        self._ready.append(folded)

    def _tell_states(self, message: AskStates) -> None:
        """Tell them in pieces: together they may be too many for a frame."""
        found: list[Held | None] = []
        size = 0
        for object in message.objects:
            self._mark[0] = message.number | ASKED
            held = self._runner.state(object)
            found.append(held)
            size += len(held.state or b"") if held else 0
            if size > STATES_BYTES:
                self._flush((States(message.number, found),))
                found, size = [], 0
        self._flush((States(message.number, found),))

    def _spent(self) -> bool:
        """Whether this process comes near its limits; the host starts another one."""
        return self._output.memory_was_short or time.process_time() > self._cpu_s_max

    def _flush(self, last: Iterable[object] = ()) -> None:
        """Send what is ready, and `last` after it."""
        messages = [*self._output.take(), *self._answers.take(), *self._ready, *last]
        self._ready.clear()
        if messages:
            self._wire.write(messages)
        self._flush_ns = time.monotonic_ns() + FLUSH_NS


def _all(column: list[T] | T) -> Iterator[T]:
    return iter(column) if isinstance(column, list) else repeat(column)
