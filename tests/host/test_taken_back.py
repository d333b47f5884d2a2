"""A turn whose outcome cannot be kept: nobody sees what was taken back, nobody suffers for it."""

import asyncio

import pytest
from aidevos_host.catalog import Service
from aidevos_host.config import HostConfig
from aidevos_host.host import Host
from aidevos_host.policy import OPEN
from aidevos_host.waiters import Waiter

import aidevos
from aidevos.core.call import Answer, Call, CallId
from aidevos.core.errors import HandlerFailedError
from aidevos.core.ids import ObjectId
from aidevos.objects import DurableObject, Event, apply, command, query
from aidevos.objects.executor import InProcessExecutor
from aidevos.storage.log import ShardLog
from aidevos.storage.memory import MemoryStore

HALF = 600_000
"""Bytes: one object may leave so many, two of them are more than one record holds."""


class Sheet(DurableObject):
    """Counts its lines."""

    class State(aidevos.State):
        """What a sheet holds."""

        lines: int = 0

    class Written(Event):
        """A line came."""

        text: str

    @command
    def write(self) -> int:
        """Add a line."""
        self.emit(self.Written(text="x"))
        return self.state.lines

    @command
    def fill(self, other: str) -> None:
        """Add a long line here and there: more than is kept of one turn."""
        self.emit(self.Written(text="x" * HALF))
        sheet = self.group.get(Sheet, other)
        sheet.emit(sheet.Written(text="x" * HALF))

    @query
    def lines_of(self, other: str) -> int:
        """Return how many lines another sheet of the group has."""
        return self.group.get(Sheet, other).state.lines

    @query
    def lines(self) -> int:
        """Return how many lines it has."""
        return self.state.lines

    @apply
    def _written(self, event: Written) -> None:
        self.state.lines += 1


async def begin() -> Host:
    host = Host(ShardLog(MemoryStore()), HostConfig(shard_count=1))
    service = Service(
        tenant="default",
        name="sheets",
        version=1,
        executor=InProcessExecutor([Sheet]),
        policy=OPEN,
    )
    host.catalog.install(service)
    await host.start()
    return host


def call(key: str, method: str, payload: bytes = b"{}", id: str = "") -> Call:
    object = ObjectId("default", "Sheet", key)
    return Call(object=object, method=method, payload=payload, id=CallId(id or f"{key} {method}"))


async def test_what_was_taken_back_is_seen_by_no_turn_of_the_group() -> None:
    host = await begin()
    for key in ("{g}a", "{g}b", "{g}c"):
        await host.invoke(call(key, "write"))
    filled, seen = await asyncio.gather(
        host.invoke(call("{g}a", "fill", b'{"other":"{g}b"}')),
        host.invoke(call("{g}c", "lines_of", b'{"other":"{g}b"}')),
        return_exceptions=True,
    )
    assert isinstance(filled, HandlerFailedError)
    assert isinstance(seen, Answer)
    assert seen.payload == b"1"
    await host.stop()


@pytest.mark.parametrize("key", ["{g}a", "{g}b"])
async def test_what_was_taken_back_is_seen_by_no_reader_of_its_objects(key: str) -> None:
    host = await begin()
    for one in ("{g}a", "{g}b"):
        await host.invoke(call(one, "write"))
    filled = Waiter()
    reading = asyncio.ensure_future(host.get_object(ObjectId("default", "Sheet", key), "operator"))
    host.submit(call("{g}a", "fill", b'{"other":"{g}b"}'), filled)  # Before the reader asks.
    view = await reading
    assert (view.version, view.state) == (1, b'{"lines":1}')
    with pytest.raises(HandlerFailedError):
        await filled.value()
    await host.stop()


@pytest.mark.parametrize("crowd", [1, 50])
async def test_turns_behind_one_that_is_taken_back_are_run_once_more_and_count(crowd: int) -> None:
    host = await begin()
    for key in ("{g}a", "{g}b"):
        await host.invoke(call(key, "write"))
    filled, *wrote = await asyncio.gather(
        host.invoke(call("{g}a", "fill", b'{"other":"{g}b"}')),
        *(host.invoke(call("{g}a", "write", id=f"write {n}")) for n in range(crowd)),
        return_exceptions=True,
    )
    assert isinstance(filled, HandlerFailedError)
    assert sorted(int(one.payload) for one in wrote if isinstance(one, Answer)) == list(
        range(2, crowd + 2)
    )
    assert (await host.invoke(call("{g}a", "lines"))).payload == str(crowd + 1).encode()
    await host.stop()
