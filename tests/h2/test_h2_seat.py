"""Handlers driven inline: the task that they see, cancellation at any moment, context variables."""

import asyncio
from collections.abc import Coroutine
from contextvars import ContextVar
from typing import Any

import pytest

from aidevos.doors.h2.seat import Seat, Seats

variable: ContextVar[str] = ContextVar("variable", default="nothing")


class Told:
    """What a handler came to."""

    def __init__(self) -> None:
        self.result: Any = None
        self.error: BaseException | None = None
        self.over = asyncio.Event()

    def answered(self, result: Any) -> None:
        self.result = result
        self.over.set()

    def failed(self, error: BaseException) -> None:
        self.error = error
        self.over.set()


class Drive:
    def __init__(self) -> None:
        self.seats = Seats(asyncio.get_running_loop())
        self.told = Told()

    def run(self, handler: Coroutine[Any, Any, Any]) -> Seat | None:
        self.told = Told()
        return self.seats.run(handler, self.told)

    async def end(self) -> Told:
        async with asyncio.timeout(5):
            await self.told.over.wait()
        return self.told


@pytest.fixture
async def drive() -> Drive:
    return Drive()


async def test_a_handler_that_never_waits_is_over_at_once(drive: Drive) -> None:
    async def handler() -> int:
        return 7

    assert drive.run(handler()) is None
    assert drive.told.result == 7


async def test_a_handler_keeps_its_task_when_it_suspends(drive: Drive) -> None:
    async def handler() -> bool:
        before = asyncio.current_task()
        await asyncio.sleep(0)
        return before is not None and before is asyncio.current_task()

    for _ in range(3):  # With a new task, one that was made for a call before, one that is parked.
        assert drive.run(handler()) is not None
        assert (await drive.end()).result is True


async def test_the_callers_own_task_is_the_current_one_again(drive: Drive) -> None:
    async def handler() -> "asyncio.Task[Any] | None":
        return asyncio.current_task()

    mine = asyncio.current_task()
    drive.run(handler())
    assert asyncio.current_task() is mine
    assert drive.told.result is not mine


async def test_calls_that_do_not_wait_share_one_task(drive: Drive) -> None:
    async def handler() -> int:
        return id(asyncio.current_task())

    seen = set()
    for _ in range(10):
        drive.run(handler())
        seen.add(drive.told.result)
        await asyncio.sleep(0)
    assert len(seen) == 1


@pytest.mark.parametrize("turns", [0, 1, 3])
async def test_a_cancellation_reaches_what_the_handler_waits_for(drive: Drive, turns: int) -> None:
    waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    seat = drive.run(_wait(waiting))
    assert seat is not None
    for _ in range(turns):
        await asyncio.sleep(0)
    seat.cancel()
    told = await drive.end()
    assert isinstance(told.error, asyncio.CancelledError)
    assert waiting.cancelled()


async def test_a_cancellation_in_the_turn_of_the_answer_is_not_lost(drive: Drive) -> None:
    waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    seat = drive.run(_wait(waiting))
    assert seat is not None
    waiting.set_result(None)
    seat.cancel()
    assert isinstance((await drive.end()).error, asyncio.CancelledError)


async def test_a_handler_may_clean_up_when_it_is_cancelled(drive: Drive) -> None:
    async def handler() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            return "clean"
        return "never"

    seat = drive.run(handler())
    assert seat is not None
    seat.cancel()
    assert (await drive.end()).result == "clean"


async def test_timeouts_work_before_and_after_the_first_wait(drive: Drive) -> None:
    async def handler() -> list[str]:
        found = []
        for _ in range(2):
            try:
                async with asyncio.timeout(0.001):
                    await asyncio.Event().wait()
            except TimeoutError:
                found.append("late")
        return found

    drive.run(handler())
    assert (await drive.end()).result == ["late", "late"]


async def test_a_failed_future_fails_the_handler(drive: Drive) -> None:
    waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    drive.run(_wait(waiting))
    waiting.set_exception(KeyError("x"))
    assert isinstance((await drive.end()).error, KeyError)


async def test_context_variables_last_as_long_as_their_call(drive: Drive) -> None:
    async def handler(value: str, *, waits: bool) -> str:
        before = variable.get()
        variable.set(value)
        if waits:
            await asyncio.sleep(0)
        return f"{before} {variable.get()}"

    for value, waits in (("a", False), ("b", True), ("c", False), ("d", True)):
        drive.run(handler(value, waits=waits))
        assert (await drive.end()).result == f"nothing {value}"
    assert variable.get() == "nothing"


async def test_no_task_is_left_when_all_is_over(drive: Drive) -> None:
    before = asyncio.all_tasks()
    for _ in range(5):
        drive.run(_wait(asyncio.sleep(0)))
        await drive.end()
    drive.seats.close()
    for _ in range(3):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def _wait(waiting: Any) -> None:
    await waiting
