"""Streams that end with their door: a watcher must not hold a server that wants to stop."""

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

from aidevos.core.errors import UnavailableError

T = TypeVar("T")


async def until(stopping: asyncio.Event, items: AsyncIterator[T]) -> AsyncIterator[T]:
    """Yield `items`; end with UnavailableError once `stopping` is set."""
    end = asyncio.ensure_future(stopping.wait())
    coming: asyncio.Future[T] | None = None
    try:
        while True:
            coming = asyncio.ensure_future(anext(items))
            await asyncio.wait((coming, end), return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                raise UnavailableError("the server is stopping; watch again", retry_after_ms=200)
            yield coming.result()
    except StopAsyncIteration:
        return
    finally:
        end.cancel()
        if coming is not None:
            coming.cancel()
