"""A server with a token: calls any stub's method with retries and our errors.

Stubs use a channel of grpc.aio; streams of frames use connections of their own (ADR-0019).
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import grpc

from aidevos.core.errors import AidevosError, UnavailableError
from aidevos.runtime.status import from_rpc_error, never_sent
from aidevos_client.address import place_of
from aidevos_client.h2.endings import ANOTHER_PROTOCOL
from aidevos_client.h2.stream import MessageStream
from aidevos_client.retry import Backoff, Deadline

Q = TypeVar("Q")
R = TypeVar("R")

TIMEOUT_S = 30.0
CLOSED = "the client is closed; make another one, or call inside its `async with`"
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
        """Connect to `host:port` on first use. Raises InvalidArgumentError for another address."""
        place_of(address)  # gRPC would take port 443, or look up a URL as a name.
        self._address = address
        self._closed = False
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
        the server's error, or the last one: OutcomeUnknownError if it may have been applied,
        UnavailableError if no attempt got a connection; RuntimeError if this is closed.
        """
        self._check_open()
        deadline, attempt, sent = Deadline(timeout_s), 0, False
        while True:
            attempt += 1
            try:
                return await method(request, timeout=deadline.left_s(), metadata=self._metadata)
            except grpc.aio.AioRpcError as failure:
                sent = sent or not never_sent(failure)
                error = from_rpc_error(failure) if sent else self._not_reached(failure)
            pause_s = self.backoff.pause_s(attempt, error)
            if not deadline.allows(error, pause_s):
                raise error
            await asyncio.sleep(pause_s)

    def open(
        self, path: str, received: Callable[[bytes], None], writable: Callable[[], None]
    ) -> MessageStream:
        """Return a stream of messages in both directions, to `run`, on a connection of its own."""
        self._check_open()
        return MessageStream(self._address, path, list(self._metadata), received, writable)

    async def stream(
        self, method: "grpc.aio.UnaryStreamMultiCallable[Q, R]", request: Q
    ) -> AsyncIterator[R]:
        """Yield what one streaming call gives; raises our errors and never tries again."""
        self._check_open()
        running: Any = method(request, metadata=self._metadata)
        try:
            async for item in running:
                yield item
        except grpc.aio.AioRpcError as failure:
            if never_sent(failure):
                raise self._not_reached(failure) from None
            raise from_rpc_error(failure) from None
        finally:
            running.cancel()

    async def pause(self, attempt: int, error: AidevosError) -> None:
        """Wait as after a failed attempt."""
        await asyncio.sleep(self.backoff.pause_s(attempt, error))

    async def close(self) -> None:
        """End the channel and the calls on it; later ones are refused at once."""
        self._closed = True
        await self.channel.close()

    def _check_open(self) -> None:
        """Refuse what could only fail by its timeout."""
        if self._closed:
            raise RuntimeError(CLOSED)

    def _not_reached(self, failure: grpc.aio.AioRpcError) -> UnavailableError:
        """Return what a call is told of which nothing left this process."""
        why = failure.details() or ""
        if "http1.x server" in why:
            why = ANOTHER_PROTOCOL
        return UnavailableError(f"no connection to {self._address}, nothing was applied: {why}")
