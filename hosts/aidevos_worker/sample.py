"""A type and a turn that walk the SDK's paths once, so that the jail finds them walked."""

import aidevos
from aidevos.core import codec
from aidevos.core.ids import ObjectId
from aidevos.core.turn import Held, TurnResult
from aidevos.objects.outcome import result_of
from aidevos.objects.runner import Runner


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


def run_sample() -> tuple[TurnResult, ...]:
    """Run a turn that is well, one that is refused, and one that fails."""
    runner = Runner([Sample], lambda where, trace: None)
    object = ObjectId("default", "Sample", "a")
    runner.activate(object, Held())
    target = runner.target(object.tenant, object.type, "attempt")
    payloads = (b'{"times":1}', b'{"times":"?"}', b'{"times":0}')
    results = tuple(
        result_of(object, runner.run(target, object.key, payload, ("system", 0, 0)))
        for payload in payloads
    )
    codec.decode(codec.encode(results), tuple[TurnResult, ...])
    return results
