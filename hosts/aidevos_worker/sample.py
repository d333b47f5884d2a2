"""A type and a turn that walk the SDK's paths once, so that the jail finds them walked."""

import aidevos
from aidevos.core import codec
from aidevos.core.ids import ObjectId
from aidevos.core.turn import Held, TurnRequest, TurnResult
from aidevos.objects.runner import Runner
from aidevos.objects.turn import Loader


class Tried(aidevos.Event):
    """Something was tried."""

    times: int


class Sample(aidevos.DurableObject):
    """Tries."""

    class State(aidevos.State):
        """How often."""

        times: int = 0

    state: State
    indexed = ("times",)

    @aidevos.command
    def attempt(self, times: int) -> int:
        """Try, but not zero times."""
        self.emit(Tried(times=times // times))
        return self.state.times

    @aidevos.apply
    def _tried(self, event: Tried) -> None:
        self.state.times += event.times


class _Alone(Loader):
    def get(self, object: ObjectId) -> Held:
        return Held()

    def find(self, tenant: str, type_name: str) -> list[tuple[ObjectId, Held]]:
        return []


def run_sample() -> tuple[TurnResult, ...]:
    """Run a turn that is well, one that is refused, and one that fails."""
    runner = Runner([Sample], lambda where, trace: None)
    payloads = (b'{"times":1}', b'{"times":"?"}', b'{"times":0}')
    results = tuple(runner.run(_request(payload), _Alone()) for payload in payloads)
    codec.decode(codec.encode(results), tuple[TurnResult, ...])
    return results


def _request(payload: bytes) -> TurnRequest:
    return TurnRequest(
        object=ObjectId("default", "Sample", "a"),
        method="attempt",
        payload=payload,
        principal="system",
        now_ms=0,
        seed=0,
        held=Held(),
    )
