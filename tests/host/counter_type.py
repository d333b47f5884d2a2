"""A trusted type for tests of the host: the Executor protocol by hand, nothing of the SDK."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial

from aidevos_host.catalog import Service
from aidevos_host.host import Host
from aidevos_host.policy import OPEN, ServicePolicy

from aidevos.core import codec
from aidevos.core.call import Call, CallId
from aidevos.core.errors import (
    AidevosError,
    FailedPreconditionError,
    HandlerFailedError,
    NotFoundError,
    VersionConflictError,
)
from aidevos.core.ids import GroupId, ObjectId
from aidevos.core.turn import (
    ChangeRecord,
    EventRecord,
    Held,
    MethodInfo,
    Turn,
    TurnBurst,
    TurnRequest,
    TurnResult,
    TypeInfo,
)

COMMANDS = ("add", "move", "refuse", "fail")
COUNTER = TypeInfo(
    name="Counter",
    state_version=1,
    methods=(
        *(MethodInfo(name=name, kind="command") for name in COMMANDS),
        MethodInfo(name="read", kind="query"),
    ),
    indexed=("count",),
)


class CounterExecutor:
    """Counts. `before_turn` is awaited first, so that a test can hold a turn."""

    generation = 1

    def __init__(self) -> None:
        self.runs = 0
        self.folds = 0
        self.activated: list[ObjectId] = []
        self.before_turn: Callable[[], Awaitable[object]] | None = None
        self._held: dict[ObjectId, tuple[int, int]] = {}
        """Version and count of what is held."""
        self._work: dict[GroupId, asyncio.Queue[Callable[[], Awaitable[None]]]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def types(self) -> tuple[TypeInfo, ...]:
        return (COUNTER,)

    def activate(self, object: ObjectId, held: Held) -> None:
        self.activated.append(object)
        self._held.setdefault(object, (held.version, count_of(held)))

    def drop(self, objects: Iterable[ObjectId]) -> None:
        for object in objects:
            self._enter(object, partial(self._drop, object))

    def run(self, turn: Turn) -> None:
        self._enter(turn.request.object, partial(self._run, turn))

    def run_burst(self, burst: TurnBurst) -> None:
        for turn in burst.apart():
            self.run(turn)

    async def states(self, objects: Sequence[ObjectId]) -> list[Held | None]:
        return [await self._state(object) for object in objects]

    async def fold(self, object: ObjectId, held: Held) -> Held:
        self.folds += 1
        return Held(version=held.version, state=state(count_of(held)), state_version=1)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _enter(self, object: ObjectId, work: Callable[[], Awaitable[None]]) -> None:
        """Do `work` after all that was entered before for the object's group."""
        queue = self._work.get(object.group)
        if queue is None:
            queue = self._work[object.group] = asyncio.Queue()
            self._tasks.append(asyncio.ensure_future(_in_order(queue)))
        queue.put_nowait(work)

    async def _drop(self, object: ObjectId) -> None:
        self._held.pop(object, None)

    async def _state(self, object: ObjectId) -> Held | None:
        found: asyncio.Future[Held | None] = asyncio.get_running_loop().create_future()

        async def tell() -> None:
            version, count = self._held.get(object, (0, 0))
            known = Held(version=version, state=state(count), state_version=1)
            found.set_result(known if object in self._held else None)

        self._enter(object, tell)
        return await found

    async def _run(self, turn: Turn) -> None:
        if turn.deadline_ms is not None and time.monotonic() * 1_000 >= turn.deadline_ms:
            turn.ran(TurnResult(outcome="late"))
            return
        self.runs += 1
        if self.before_turn is not None:
            await self.before_turn()
        turn.ran(await self._result(turn))

    async def _result(self, turn: Turn) -> TurnResult:
        request = turn.request
        if request.object not in self._held:
            return TurnResult(outcome="lost")
        version, count = self._held[request.object]
        if refused := refusal(request, version):
            return TurnResult(outcome="refused", version=version, error=refused.to_record())
        match request.method:
            case "read":
                return TurnResult(outcome="ok", version=version, reply=codec.to_json(count))
            case "refuse":
                error = FailedPreconditionError("it does not like to")
                return TurnResult(outcome="refused", version=version, error=error.to_record())
            case "fail":
                error = HandlerFailedError("it broke")
                del self._held[request.object]
                return TurnResult(
                    outcome="failed", error=error.to_record(), dropped=(request.object,)
                )
        by = codec.from_json(request.payload).get("by", 1)
        changes = [self._changed(request.object, by)]
        if request.method == "move":
            other = ObjectId(request.object.tenant, "Counter", "{g}other")
            if other not in self._held:
                self.activate(other, await turn.group.get(other))
            changes.append(self._changed(other, -by))
        reply = codec.to_json(count + by)
        return TurnResult(outcome="ok", version=version + 1, reply=reply, changes=tuple(changes))

    def _changed(self, object: ObjectId, by: int) -> ChangeRecord:
        version, count = self._held[object]
        self._held[object] = (version + 1, count + by)
        event = EventRecord("Set", 1, state(count + by))
        return ChangeRecord(object, version + 1, (event,), index={"count": count + by})


async def _in_order(queue: asyncio.Queue[Callable[[], Awaitable[None]]]) -> None:
    while True:
        await (await queue.get())()


def refusal(request: TurnRequest, version: int) -> AidevosError | None:
    """Return the platform's own no that depends on the state."""
    if request.must_exist and not version:
        return NotFoundError(f"{request.object} is not there", field="key")
    if request.expected_version not in (None, version):
        return VersionConflictError(f"{request.object} is at version {version}")
    return None


def state(count: int) -> bytes:
    return codec.to_json({"count": count})


def count_of(held: Held) -> int:
    newest = held.events[-1].body if held.events else held.state
    return int(codec.from_json(newest)["count"]) if newest else 0


def install(host: Host, policy: ServicePolicy = OPEN) -> CounterExecutor:
    executor = CounterExecutor()
    service = Service(
        tenant="default", name="counters", version=1, executor=executor, policy=policy
    )
    host.catalog.install(service)
    return executor


def call(key: str, id: str, method: str = "add", **more: object) -> Call:
    object = ObjectId("default", "Counter", key)
    return Call(object=object, method=method, id=CallId(session=id), **more)  # type: ignore[arg-type]


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until `condition` holds; the test's own time limit ends it."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  (a condition of the host has no event)
            await asyncio.sleep(0)
