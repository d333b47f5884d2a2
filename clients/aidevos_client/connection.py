"""A server with a token: calls any stub's method with retries and our errors.

Stubs use a channel of grpc.aio; streams of frames use connections of their own (ADR-0019).
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import grpc

from aidevos.core.errors import AidevosError
from aidevos.runtime.status import from_rpc_error
from aidevos_client.h2.stream import MessageStream
from aidevos_client.retry import Backoff, Deadline

Q = TypeVar("Q")
R = TypeVar("R")

TIMEOUT_S = 30.0
_OPTIONS = (
    # A server that starts again is met at once, not after gRPC's own minute of back-off.
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.max_receive_message_length", -1),
)


class Connection:
    """A channel to one server, for our client and for any stub of `aidevos.v1`."""

    def __init__(
        self, address: str, token: str | None = None, *, backoff: Backoff | None = None
    ) -> None:
        """Connect to `host:port` on first use."""
        self._address = address
        self.channel = grpc.aio.insecure_channel(address, options=_OPTIONS)
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self.backoff = backoff or Backoff()

    async def call(
        self,
        method: "grpc.aio.UnaryUnaryMultiCallable[Q, R]",
        request: Q,
        timeout_s: float = TIMEOUT_S,
    ) -> R:
        """Call one method of a stub, again while its error is retryable and time is left.

        `request` is the same on every attempt: a change in it must carry its request_id. Raises
        the server's error, or the last one: OutcomeUnknownError if it may have been applied.
        """
        deadline, attempt = Deadline(timeout_s), 0
        while True:
            attempt += 1
            try:
                return await method(request, timeout=deadline.left_s(), metadata=self._metadata)
            except grpc.aio.AioRpcError as failure:
                error = from_rpc_error(failure)
            pause_s = self.backoff.pause_s(attempt, error)
            if not deadline.allows(error, pause_s):
                raise error
            await asyncio.sleep(pause_s)

    def open(
        self, path: str, received: Callable[[bytes], None], writable: Callable[[], None]
    ) -> MessageStream:
        """Return a stream of messages in both directions, to `run`, on a connection of its own."""
        return MessageStream(self._address, path, list(self._metadata), received, writable)

    async def stream(
        self, method: "grpc.aio.UnaryStreamMultiCallable[Q, R]", request: Q
    ) -> AsyncIterator[R]:
        """Yield what one streaming call gives; raises our errors and never tries again."""
        running: Any = method(request, metadata=self._metadata)
        try:
            async for item in running:
                yield item
        except grpc.aio.AioRpcError as failure:
            raise from_rpc_error(failure) from None
        finally:
            running.cancel()

    async def pause(self, attempt: int, error: AidevosError) -> None:
        """Wait as after a failed attempt."""
        await asyncio.sleep(self.backoff.pause_s(attempt, error))

    async def close(self) -> None:
        """End the channel and the calls on it."""
        await self.channel.close()
