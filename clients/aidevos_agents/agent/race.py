"""Runs coroutines side by side until the first ends; nobody is left behind."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def race(*runners: Coroutine[Any, Any, T]) -> T:
    """Return or raise what the first to end does; the others are cancelled and awaited.

    Of several that end at once the one named first counts. Cancel: cancels all.
    """
    tasks = [asyncio.ensure_future(runner) for runner in runners]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ended = next((task for task in tasks if task.done()), None)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert ended is not None
    return ended.result()
