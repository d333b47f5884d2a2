"""Calls that come one by one, each with somebody who waits for it."""

from collections.abc import Callable

from aidevos.core.call import Answer, Call, CallId
from aidevos.core.turn import MethodInfo, TurnRequest
from aidevos_host.admission import check, digest, no_method, overloaded
from aidevos_host.engine import Engine
from aidevos_host.shard import Shard
from aidevos_host.turn import HostTurn
from aidevos_host.waiters import Waiter


class Unary:
    """Admits single calls; their turns gather, so that a crowd shares frames and commits."""

    def __init__(self, engine: Engine) -> None:
        """Bind; `gather` is set by the host."""
        self._engine = engine
        self.under_way = 0
        """Calls whose answer is waited for."""
        self.gather: Callable[[Callable[[], None]], None] = lambda begin: begin()

    async def invoke(self, call: Call, shard: Shard) -> Answer:
        """Run one call; see doors/port.ObjectPort."""
        engine = self._engine
        resident = engine.resident(call.object, shard)
        entry = resident.entry
        method = entry.methods.get(call.method)
        if method is None:
            raise no_method(entry, call.method)
        entry.service.policy.check(call.principal, call.object.type, call.method)
        if entry.service.reach is not None:
            entry.service.reach.check(call.object)
        change = method.kind == "command"
        check(call, change=change, now_ms=engine.ports.clock_ms())
        overloaded(resident, len(call.payload), engine.config)
        waiter = Waiter()
        turn = HostTurn(waiter, 0, engine, resident)
        if self._admitted(turn, call, method):
            turn.request = request_of(turn, call, engine)
            self.gather(lambda: self._send(turn))
        else:
            shard.touch()
        self.under_way += 1
        try:
            answer = await waiter.value()
        finally:
            self.under_way -= 1
        assert isinstance(answer, Answer)
        return answer

    def _send(self, turn: HostTurn) -> None:
        if turn.resident.shard.alive:
            self._engine.send(turn)

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
