"""Who waits for one answer: a unary call, or a reader."""

import asyncio

from aidevos.core.errors import AidevosError


class Waiter:
    """A core/pending.Sink for one answer."""

    __slots__ = ("_future",)

    def __init__(self) -> None:
        """Begin to wait; call from the loop."""
        self._future: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    def answer(self, number: int, value: object) -> None:
        """Take the answer; nothing if who waited has left."""
        if not self._future.done():
            self._future.set_result(value)

    async def value(self) -> object:
        """Return the answer; raises it if it is an error."""
        value = await self._future
        if isinstance(value, AidevosError):
            raise value
        return value
