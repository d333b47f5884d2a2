"""Frames of calls on a real host: what one call cannot is told to that call."""

import time

from aidevos_host.config import HostConfig
from aidevos_host.host import Host
from counter_type import install, until

from aidevos.core.call import Answer
from aidevos.core.errors import AidevosError, InvalidArgumentError
from aidevos.doors.port import AnswerColumns, CallColumns, SessionName
from aidevos.storage.log import ShardLog
from aidevos.storage.memory import MemoryStore


class Talk:
    """One stream of a session on one shard, and what it was told."""

    def __init__(self, host: Host, expires_at_ms: int) -> None:
        self.told: dict[int, object] = {}
        name = SessionName("default", "someone", "s", expires_at_ms)
        self.lane = host.open_session(name, 0, self._on_answers)

    async def say(self, *numbers: int) -> list[object]:
        """Send one frame of commands of one object; return what they came to."""
        count = len(numbers)
        self.lane.calls(
            CallColumns(
                mark=0,
                numbers=numbers,
                objects=[("Counter", "a")],
                methods=["add"],
                object_index=[0] * count,
                method_index=[0] * count,
                payloads=[b"{}"] * count,
            )
        )
        await until(lambda: set(numbers) <= self.told.keys())
        return [self.told[number] for number in numbers]

    def _on_answers(
        self, answers: list[tuple[int, Answer | AidevosError]], columns: list[AnswerColumns]
    ) -> None:
        self.told.update(answers)
        for column in columns:
            self.told.update(zip(column.numbers, column.versions, strict=True))


async def test_a_session_that_changed_its_end_is_refused_call_by_call_however_many_come() -> None:
    host = Host(ShardLog(MemoryStore()), HostConfig(shard_count=1))
    install(host)
    await host.start()
    end_ms = int(time.time() * 1_000) + 60_000
    first, other = Talk(host, end_ms), Talk(host, end_ms + 1)
    await first.say(1)  # The object is held from now on: what follows is usual.
    [told] = await other.say(2)
    assert isinstance(told, InvalidArgumentError)
    several = await other.say(3, 4)
    assert [type(one) for one in several] == [InvalidArgumentError] * 2
    assert len(await first.say(5, 6)) == 2
    await host.stop()
