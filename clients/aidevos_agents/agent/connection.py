"""One gRPC connection to a server: the token in every call, retries with back-off, our errors.

Everything that agents ask for is recognised by ids of its own when it comes twice, so whatever may
be retried is retried, with the same request, until `patience_s` is over.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from typing import TypeVar

import grpc
from google.protobuf.message import Message as Proto

from aidevos.core.errors import AidevosError, DeadlineExceededError
from aidevos.runtime.status import RETRY_AFTER, from_rpc_error
from aidevos.v1.agents_pb2_grpc import AgentServiceStub
from aidevos.v1.artifacts_pb2_grpc import ArtifactServiceStub
from aidevos.v1.pipeline_pb2_grpc import PipelineServiceStub

Q = TypeVar("Q", bound=Proto)
R = TypeVar("R", bound=Proto)

CALL_S = 15.0
"""Deadline of one attempt, unless said otherwise."""
PATIENCE_S = 60.0
PAUSE_S_MIN, PAUSE_S_MAX = 0.05, 2.0
MESSAGE_BYTES_MAX = 8 << 20

OPTIONS = (
    ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
    ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
)


class Connection:
    """Stubs of the services that agents use. `async with` closes the channel."""

    def __init__(self, server: str, token: str, *, patience_s: float = PATIENCE_S) -> None:
        """Name the server (`host:port`) and the bearer token; nothing is sent yet."""
        self.server = server
        self.patience_s = patience_s
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self._channel = grpc.aio.insecure_channel(server, options=OPTIONS)
        self.agents = AgentServiceStub(self._channel)
        self.artifacts = ArtifactServiceStub(self._channel)
        self.pipeline = PipelineServiceStub(self._channel)

    async def __aenter__(self) -> "Connection":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._channel.close()

    async def call(
        self, method: grpc.aio.UnaryUnaryMultiCallable[Q, R], request: Q, *, call_s: float = CALL_S
    ) -> R:
        """Return the answer; raises the server's error as the AidevosError that it is.

        Cancel: unknown whether it was applied; ask again with the same request.
        """
        pauses = Pauses(self.patience_s)
        while True:
            try:
                return await method(request, timeout=call_s, metadata=self._metadata)
            except grpc.aio.AioRpcError as error:
                await pauses.wait_or_raise(from_rpc_error(error))

    async def stream(
        self, method: grpc.aio.UnaryStreamMultiCallable[Q, R], request: Q
    ) -> AsyncIterator[R]:
        """Yield the server's messages until it ends; raises its error, and never retries."""
        try:
            async for item in method(request, metadata=self._metadata):
                yield item
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from error


class Pauses:
    """Pauses that grow from attempt to attempt, with chance in them, until patience ends."""

    def __init__(self, patience_s: float) -> None:
        """Begin counting now."""
        self._ends = time.monotonic() + patience_s
        self._pause_s = PAUSE_S_MIN

    async def wait_or_raise(self, error: AidevosError) -> None:
        """Sleep before the next attempt, or raise `error` if it is final or patience is over."""
        if not (error.retryable or isinstance(error, DeadlineExceededError)):
            raise error
        asked = int(error.metadata.get(RETRY_AFTER, "0")) / 1_000
        pause_s = max(asked, self._pause_s * (0.5 + random.random()))  # noqa: S311 (not a secret)
        if time.monotonic() + pause_s > self._ends:
            raise error
        await asyncio.sleep(pause_s)
        self._pause_s = min(self._pause_s * 2, PAUSE_S_MAX)
