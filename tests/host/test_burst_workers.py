"""Bursts over a real worker process and a real file: parts, deaths, kills under load."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aidevos_host.worker import start_types
from counter_type import until
from lane_stream import Stream
from lane_world import LaneWorld, lane_world

from aidevos.core.record import BurstRecord
from aidevos.storage.sqlite import SqliteStore

FILE = Path(__file__).with_name("mortal_type.py")
KEYS = [f"k{n}" for n in range(20)]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[LaneWorld]:
    """A host over a file, whose service runs in a process; all keys are held."""
    executor = await start_types([FILE])
    store = SqliteStore(tmp_path / "aidevos.db")
    async with lane_world(None, *KEYS, store=store, executor=executor) as made:
        yield made
    await store.close()


async def test_results_of_slow_calls_come_in_parts_and_each_call_gets_its_own(
    world: LaneWorld,
) -> None:
    stream = Stream(world.host)
    numbers = stream.say(*["k0.slowly", "k1.slowly", "k0.slowly"] * 3)
    assert await stream.hear(numbers) == [1, 1, 2, 3, 2, 4, 5, 3, 6]
    times = {event.time_ms for event in await world.host.list_events(world.object("k0"), "op")}
    assert len(times) == 1, "the turns of a frame have one time"


async def test_a_call_that_kills_its_worker_in_a_burst_fails_alone(world: LaneWorld) -> None:
    stream = Stream(world.host)
    numbers = stream.say("k0.add", "k1.add", "k0.die", "k0.add", "k2.add", "k0.add")
    assert await stream.hear(numbers) == [1, 1, "HANDLER_FAILED", 2, 1, 3]
    again = stream.say("k0.add", "k0.add")
    assert await stream.hear(again) == [4, 5]


async def test_workers_killed_under_load_lose_nothing_and_run_nothing_twice(
    world: LaneWorld,
) -> None:
    chance = random.Random(20)
    streams = [Stream(world.host, f"s{n}") for n in range(4)]
    for _ in range(3):
        numbers = [
            (stream, stream.say(*(f"{chance.choice(KEYS)}.add" for _ in range(100))))
            for _ in range(5)
            for stream in streams
        ]
        heard = sum(len(stream.told) for stream in streams)
        some = heard + chance.randrange(1_000)
        await until(lambda: sum(len(s.told) for s in streams) >= some)  # noqa: B023
        pid = world.executor.worker_pid
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(20):
            told = [one for stream, some in numbers for one in await stream.hear(some)]
        failed = [one for one in told if not isinstance(one, int)]
        assert failed in ([], ["HANDLER_FAILED"]), "the one that it was in, if it was in one"
    await world.at_rest()
    answered = [one for stream in streams for n in stream.told for one in [stream.heard(n)]]
    counted = sum(isinstance(one, int) for one in answered)
    reader = Stream(world.host, "reader")
    totals = await reader.hear(reader.say(*(f"{key}.total" for key in KEYS)))
    assert sum(totals) == counted  # type: ignore[arg-type]


async def test_whatever_was_cut_or_fell_apart_bursts_are_made_again_afterwards(
    world: LaneWorld,
) -> None:
    stream = Stream(world.host)
    await stream.hear(stream.say("k0.add", "k1.die", "k0.add"))
    await stream.hear(stream.say("k0.add", "k1.add"))
    records = world.recorded()
    await stream.hear(stream.say("k0.add", "k1.add", "k0.add"))
    (record,) = records
    assert isinstance(record, BurstRecord)
    assert len(record.numbers) == 3
