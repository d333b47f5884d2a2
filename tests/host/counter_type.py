"""A trusted type for tests of the host: the Executor protocol by hand, nothing of the SDK."""

import asyncio
from collections.abc import Awaitable, Callable

from aidevos_host.catalog import Service
from aidevos_host.host import Host
from aidevos_host.policy import OPEN, ServicePolicy

from aidevos.core import codec
from aidevos.core.call import Call, CallId
from aidevos.core.errors import FailedPreconditionError, HandlerFailedError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import (
    Changed,
    EventRecord,
    GroupReader,
    Held,
    MethodInfo,
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

    def __init__(self) -> None:
        self.runs = 0
        self.folds = 0
        self.before_turn: Callable[[], Awaitable[object]] | None = None

    @property
    def types(self) -> tuple[TypeInfo, ...]:
        return (COUNTER,)

    async def run(self, request: TurnRequest, group: GroupReader) -> TurnResult:
        self.runs += 1
        if self.before_turn is not None:
            await self.before_turn()
        count = count_of(request.held)
        match request.method:
            case "read":
                return TurnResult(outcome="ok", reply=codec.to_json(count))
            case "refuse":
                error = FailedPreconditionError("it does not like to")
                return TurnResult(outcome="refused", error=error.to_record())
            case "fail":
                error = HandlerFailedError("it broke")
                return TurnResult(outcome="failed", error=error.to_record())
        by = codec.from_json(request.payload).get("by", 1)
        changes = [changed(request.object, count + by)]
        if request.method == "move":
            other = ObjectId(request.object.tenant, "Counter", "{g}other")
            changes.append(changed(other, count_of(await group.get(other)) - by))
        reply = codec.to_json(count + by)
        return TurnResult(outcome="ok", reply=reply, changes=tuple(changes))

    async def fold(self, object: ObjectId, held: Held) -> Held:
        self.folds += 1
        return Held(version=held.version, state=state(count_of(held)), state_version=1)

    async def close(self) -> None:
        """Nothing runs."""


def changed(object: ObjectId, count: int) -> Changed:
    event = EventRecord("Set", 1, state(count))
    return Changed(
        object=object,
        events=(event,),
        state=state(count),
        state_version=1,
        index={"count": count},
    )


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
