"""Long work lets calls run between its steps, and rests while there is time."""

import asyncio
from collections.abc import Iterator

import pytest
from aidevos_host import pace
from aidevos_host.pace import STEPS_MAX, paced

STEPS = 40


async def turns_beside(gone: float) -> int:
    """Return how many turns of the loop others had while steps were gone through."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    await paced(iter([None] * STEPS), lambda: gone)
    beside.cancel()
    return turns


async def test_with_time_left_others_run_between_any_two_steps() -> None:
    assert await turns_beside(0.0) >= STEPS - 1


async def test_when_time_is_short_others_run_between_some_of_them() -> None:
    turns = await turns_beside(1.0)
    assert STEPS // STEPS_MAX - 1 <= turns < STEPS - 1


@pytest.mark.parametrize(("gone", "rests"), [(0.0, 3.0), (0.25, 1.5), (0.5, 0.0), (2.0, 0.0)])
async def test_it_rests_longer_the_more_time_there_is(
    gone: float, rests: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    now = 0.0

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    class Loop:
        def time(self) -> float:
            return now

    def steps() -> Iterator[None]:
        nonlocal now
        now += 0.01  # So long a step takes.
        yield

    monkeypatch.setattr(pace.asyncio, "sleep", sleep)
    monkeypatch.setattr(pace.asyncio, "get_running_loop", Loop)
    await paced(steps(), lambda: gone)
    assert slept == [pytest.approx(rests * 0.01)]
