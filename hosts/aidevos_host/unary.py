"""Calls that come one by one, each with somebody who waits for it."""

from collections.abc import Callable

from aidevos.core.call import Answer, Call, CallId
from aidevos.core.errors import AidevosError
from aidevos.core.ids import ObjectId
from aidevos.core.pending import Sink
from aidevos.core.turn import MethodInfo, TurnRequest
from aidevos_host.admission import check, digest, no_method, overloaded
from aidevos_host.engine import Engine
from aidevos_host.resident import Resident
from aidevos_host.shard import Shard
from aidevos_host.turn import HostTurn
from aidevos_host.waiters import Waiter

FindShard = Callable[[ObjectId], Shard]
"""The shard of an object; raises UnavailableError while it moves or the host stops."""


class Unary:
    """Admits single calls. Those that come one by one gather, so that a crowd shares frames."""

    def __init__(self, engine: Engine, find_shard: FindShard) -> None:
        """Bind; `gather` is set by the host."""
        self._engine = engine
        self._find_shard = find_shard
        self.under_way = 0
        """Calls of `invoke` whose answer is waited for."""
        self.gather: Callable[[Callable[[], None]], None] = lambda begin: begin()

    async def invoke(self, call: Call) -> Answer:
        """Run one call; see doors/port.ObjectPort."""
        waiter = Waiter()
        turn = self._turn(call, waiter)
        if turn is not None:
            self.gather(lambda: self._send(turn))
        self.under_way += 1
        try:
            answer = await waiter.value()
        finally:
            self.under_way -= 1
        assert isinstance(answer, Answer)
        return answer

    def submit(self, call: Call, sink: Sink) -> None:
        """Begin one call; see doors/port.ObjectPort."""
        try:
            turn = self._turn(call, sink)
        except AidevosError as error:
            sink.answer(0, error)
            return
        if turn is not None:
            self._engine.send(turn)

    def _send(self, turn: HostTurn) -> None:
        if turn.resident.shard.alive:
            self._engine.send(turn)

    def _turn(self, call: Call, sink: Sink) -> HostTurn | None:
        """Return the turn that the call needs, if it needs one; raises what refuses it."""
        engine = self._engine
        resident = self._resident(call.object)
        entry = resident.entry
        method = entry.methods.get(call.method)
        if method is None:
            raise no_method(entry, call.method)
        service = entry.service
        service.policy.check(call.principal, call.object.type, call.method)
        if service.reach is not None:
            service.reach.check(call.object)
        check(call, change=method.kind == "command", now_ms=engine.ports.clock_ms())
        overloaded(resident, len(call.payload), engine.config)
        turn = HostTurn(sink, 0, engine, resident)
        if not self._admitted(turn, call, method):
            resident.shard.touch()
            return None
        turn.request = request_of(turn, call, engine)
        return turn

    def _resident(self, object: ObjectId) -> Resident:
        engine = self._engine
        found = engine.residents.get(object)
        if found is None or not found.shard.alive or found.known != engine.catalog.changes:
            found = engine.resident(object, self._find_shard(object))
        found.used = engine.now_ms = engine.ports.monotonic_ms()
        return found

    def _admitted(self, turn: HostTurn, call: Call, method: MethodInfo) -> bool:
        """Whether the call needs a turn."""
        machine, clock = turn.resident.shard.machine, self._engine.ports.clock_ms()
        turn.deadline_ms = call.deadline_ms
        turn.traceparent = call.traceparent
        if method.kind != "command":
            machine.arrive_query(turn, clock)
            return True
        id = call.id
        assert isinstance(id, CallId)
        turn.scope = (call.object.tenant, call.principal, id.session)
        turn.expires_at_ms = id.expires_at_ms
        turn.payload_hash = digest(call.object, call.method, call.payload)
        return machine.arrive_change(turn, clock)


def request_of(turn: HostTurn, call: Call, engine: Engine) -> TurnRequest:
    """Return what the executor is given."""
    return TurnRequest(
        object=turn.resident.object,
        method=call.method,
        payload=call.payload,
        principal=call.principal,
        now_ms=turn.now_ms,
        seed=engine.ports.seed(),
        expected_version=call.expected_version,
        must_exist=call.must_exist or turn.resident.must_exist,
    )
