"""Runs trusted types in the host's own process (core/turn.Executor).

A turn is synchronous; when it needs an object of its group that is not held, it is stopped and
taken back, the object is loaded, and the turn, being deterministic, runs again from its
beginning. What comes later for its group waits for it; other groups go on.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from aidevos.core.errors import AidevosError
from aidevos.core.ids import GroupId, ObjectId
from aidevos.core.turn import Held, Turn, TurnBurst, TurnResult, TypeInfo
from aidevos.objects.known import Known, NeededError
from aidevos.objects.object import DurableObject
from aidevos.objects.outcome import result_of
from aidevos.objects.runner import Runner
from aidevos.objects.turn import failed

_log = logging.getLogger("aidevos.objects")

Work = Callable[[], None]


def _monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class InProcessExecutor:
    """The system's own types. User and generated types run in a worker process instead."""

    generation = 1

    def __init__(
        self,
        types: Iterable[type[DurableObject]],
        monotonic_ms: Callable[[], int] = _monotonic_ms,
    ) -> None:
        """Take the classes of one service; `monotonic_ms` is the clock of deadlines."""
        self._runner = Runner(types, _report, undo=True)
        self._monotonic_ms = monotonic_ms
        self._queue: list[tuple[ObjectId, Work]] = []
        self._waiting: dict[GroupId, deque[Work]] = {}
        """Work behind a turn that waits for its group to be read."""
        self._readings: set[asyncio.Task[None]] = set()
        self._scheduled = False

    @property
    def types(self) -> tuple[TypeInfo, ...]:
        """The types that it can run."""
        return self._runner.types

    def activate(self, object: ObjectId, held: Held) -> None:
        """Hold an object from now on; see core/turn.Executor."""
        self._runner.activate(object, held)

    def run(self, turn: Turn) -> None:
        """Run one turn soon; see core/turn.Executor."""
        self._enter(turn.request.object, lambda: self._start(turn))

    def run_burst(self, burst: TurnBurst) -> None:
        """Run the turns of a burst one by one; see core/turn.Executor."""
        for turn in burst.apart():
            self.run(turn)

    def drop(self, objects: Iterable[ObjectId]) -> None:
        """Hold these no more, after the turns sent before."""
        for object in objects:
            self._enter(object, lambda object=object: self._runner.drop((object,)))  # type: ignore[misc]

    async def states(self, objects: Sequence[ObjectId]) -> list[Held | None]:
        """Return states as the turns sent before left them."""
        loop = asyncio.get_running_loop()
        found: list[asyncio.Future[Held | None]] = [loop.create_future() for _ in objects]
        for object, future in zip(objects, found, strict=True):
            self._enter(object, lambda o=object, f=future: self._tell_state(o, f))  # type: ignore[misc]
        return [await future for future in found]

    async def fold(self, object: ObjectId, held: Held) -> Held:
        """Return `held` with its events folded into the state."""
        return self._runner.fold(object, held)

    async def close(self) -> None:
        """Let turns under way end, then deactivate what is in memory."""
        while self._queue or self._readings:
            if self._readings:
                await asyncio.wait(self._readings)
            else:
                await asyncio.sleep(0)
        self._runner.close()

    # ---- work, in order within each group --------------------------------------------------

    def _enter(self, object: ObjectId, work: Work) -> None:
        self._queue.append((object, work))
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._work)

    def _work(self) -> None:
        self._scheduled = False
        queue, self._queue = self._queue, []
        for object, work in queue:
            behind = self._waiting.get(object.group) if self._waiting else None
            if behind is None:
                work()
            else:
                behind.append(work)

    def _start(self, turn: Turn) -> None:
        deadline = turn.deadline_ms
        if deadline is not None and self._monotonic_ms() >= deadline:
            turn.ran(TurnResult(outcome="late"))
        else:
            self._attempt(turn, Known(turn.group, self._runner))

    def _attempt(self, turn: Turn, known: Known) -> bool:
        """Run the turn, or begin to read what it needs; return whether it ended."""
        try:
            result = self._run(turn, known)
        except NeededError:
            group = turn.request.object.group
            if group not in self._waiting:
                self._waiting[group] = deque()
            reading = asyncio.ensure_future(self._read(turn, known, group))
            self._readings.add(reading)
            reading.add_done_callback(self._readings.discard)
            return False
        turn.ran(result)
        return True

    def _run(self, turn: Turn, known: Known) -> TurnResult:
        request = turn.request
        object = request.object
        target = self._runner.target(object.tenant, object.type, request.method)
        self._runner.turn.loader = known
        facts = (request.principal, request.now_ms, request.seed)
        guard = (request.expected_version, request.must_exist)
        return result_of(
            object, self._runner.run(target, object.key, request.payload, facts, guard)
        )

    async def _read(self, turn: Turn, known: Known, group: GroupId) -> None:
        try:
            await known.read()
        except AidevosError as error:
            turn.ran(TurnResult(outcome="failed", error=error.to_record()))
        except Exception:  # Boundary: the turn must end, whatever broke; the log says what.
            _log.exception("reading the group of %s failed", turn.request.object)
            bug = failed(f"reading the group of {turn.request.object}")
            turn.ran(TurnResult(outcome="failed", error=bug.to_record()))
        else:
            if not self._attempt(turn, known):
                return
        self._go_on(group)

    def _go_on(self, group: GroupId) -> None:
        """Do what came behind a turn that ended, up to the next that waits itself."""
        behind = self._waiting.pop(group)
        while behind:
            work = behind.popleft()
            work()
            if (waiting := self._waiting.get(group)) is not None:
                waiting.extend(behind)
                return

    def _tell_state(self, object: ObjectId, future: "asyncio.Future[Held | None]") -> None:
        if not future.done():
            future.set_result(self._runner.state(object))


def _report(where: str, trace: str) -> None:
    text = trace.encode("utf-8", "backslashreplace").decode()  # A log is UTF-8, whatever was said.
    _log.error("handler failed: %s\n%s", where, text)
