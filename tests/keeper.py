"""A host in few lines: keeps the log of every object, and gives an executor what it needs.

It checks what a host must: that the events of each turn go on from those that it has.
"""

import asyncio
from dataclasses import dataclass, field

from aidevos.core.errors import AidevosError, FailedPreconditionError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import EventRecord, Executor, Held, TurnRequest, TurnResult

Address = str
"""`Type/key`, of the tenant `default`."""


def address_of(address: Address) -> ObjectId:
    type_name, _, key = address.partition("/")
    return ObjectId("default", type_name, key)


@dataclass(slots=True)
class Kept:
    """One object: its events, and since which activation it is held."""

    events: list[EventRecord] = field(default_factory=list)
    deleted: bool = False
    activation: int = 0
    """0: not held; else it grows with each."""


class Keeper:
    """Runs turns through one executor; every result is committed at once."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor
        self.kept: dict[ObjectId, Kept] = {}
        self.results: list[tuple[TurnRequest, TurnResult]] = []
        """All results, those of lost turns as well, in the order in which they came."""
        self.activations = 0
        self._generation = executor.generation

    def of(self, object: ObjectId) -> Kept:
        return self.kept.setdefault(object, Kept())

    def held(self, object: ObjectId) -> Held:
        kept = self.of(object)
        return Held(len(kept.events), None, 0, tuple(kept.events), kept.deleted)

    def hold(self, object: ObjectId) -> None:
        """Activate an object unless it is held."""
        if self.executor.generation != self._generation:
            self._generation = self.executor.generation
            for kept in self.kept.values():
                kept.activation = 0
        if not self.of(object).activation:
            self.activations += 1
            self.of(object).activation = self.activations
            self.executor.activate(object, self.held(object))

    def drop(self, *addresses: Address) -> None:
        objects = [address_of(address) for address in addresses]
        for object in objects:
            self.of(object).activation = 0
        self.executor.drop(objects)

    def send(self, address: Address, method: str, payload: bytes = b"{}", **more: object) -> "Sent":
        """Run a turn; `more` are fields of the request, or deadline_ms."""
        deadline = more.pop("deadline_ms", None)
        request = TurnRequest(
            object=address_of(address),
            method=method,
            payload=payload,
            principal="anonymous",
            now_ms=1_700_000_000_000,
            seed=7,
            **more,  # type: ignore[arg-type]
        )
        sent = Sent(self, request, deadline)  # type: ignore[arg-type]
        sent.run()
        return sent

    def take(self, request: TurnRequest, result: TurnResult) -> None:
        """Keep what a turn did."""
        self.results.append((request, result))
        for object in result.dropped:
            self.of(object).activation = 0
        for change in result.changes:
            kept = self.of(change.object)
            assert change.first_seq == len(kept.events) + 1, (change, len(kept.events))
            kept.events += change.events
            kept.deleted = change.deleted
        if result.outcome in ("ok", "refused"):
            assert result.version == len(self.of(request.object).events)

    # ---- core/turn.GroupReader, one for all ------------------------------------------------

    async def get(self, object: ObjectId) -> Held:
        self.activations += 1
        self.of(object).activation = self.activations
        return self.held(object)

    async def find(self, tenant: str, type_name: str) -> list[tuple[ObjectId, Held | None]]:
        found: list[tuple[ObjectId, Held | None]] = []
        for object, kept in list(self.kept.items()):
            if object.type == type_name and kept.events and not kept.deleted:
                found.append((object, None if kept.activation else await self.get(object)))
        return found


class Group:
    """The objects of one group, read from a keeper."""

    def __init__(self, keeper: Keeper, home: ObjectId) -> None:
        self._keeper = keeper
        self._home = home

    async def get(self, object: ObjectId) -> Held:
        if object.group != self._home.group:
            raise FailedPreconditionError(f"{object} is not in the group of {self._home}")
        return await self._keeper.get(object)

    async def find(self, tenant: str, type_name: str) -> list[tuple[ObjectId, Held | None]]:
        found = await self._keeper.find(tenant, type_name)
        return [(object, held) for object, held in found if object.group == self._home.group]


class Sent:
    """One turn that was sent (core/turn.Turn); lost ones are sent again."""

    def __init__(self, keeper: Keeper, request: TurnRequest, deadline_ms: int | None) -> None:
        self.request = request
        self.group = Group(keeper, request.object)
        self.deadline_ms = deadline_ms
        self.attempts = 0
        self.result: asyncio.Future[TurnResult] = asyncio.get_running_loop().create_future()
        self._keeper = keeper
        self._activation = 0

    def run(self) -> None:
        self._keeper.hold(self.request.object)
        self._activation = self._keeper.of(self.request.object).activation
        self._keeper.executor.run(self)

    def ran(self, result: TurnResult) -> None:
        self._keeper.take(self.request, result)
        if result.outcome != "lost":
            self.result.set_result(result)
            return
        kept = self._keeper.of(self.request.object)
        if kept.activation == self._activation:  # Not activated again since it was sent.
            kept.activation = 0
        self.run()

    async def reply(self) -> bytes:
        """Return the reply; what failed or was refused is raised."""
        result = await self.result
        if result.error is not None:
            raise AidevosError.from_record(result.error)
        return result.reply
