"""An agent's connection to a server: the Python client's, with the stubs that agents use.

Everything that agents ask for is recognised by ids of its own when it comes twice, so whatever may
be retried is retried, with the same request, until `patience_s` is over.
"""

from collections.abc import AsyncIterator
from typing import TypeVar

import aidevos_client
import grpc

from aidevos.v1.agents_pb2_grpc import AgentServiceStub
from aidevos.v1.artifacts_pb2_grpc import ArtifactServiceStub
from aidevos.v1.pipeline_pb2_grpc import PipelineServiceStub

Q = TypeVar("Q")
R = TypeVar("R")

PATIENCE_S = 60.0


class Connection:
    """Stubs of the services that agents use. `async with` closes the channel."""

    def __init__(self, server: str, token: str, *, patience_s: float = PATIENCE_S) -> None:
        """Name the server (`host:port`) and the bearer token; nothing is sent yet."""
        self.patience_s = patience_s
        self._line = aidevos_client.Connection(server, token)
        self.agents = AgentServiceStub(self._line.channel)
        self.artifacts = ArtifactServiceStub(self._line.channel)
        self.pipeline = PipelineServiceStub(self._line.channel)

    async def __aenter__(self) -> "Connection":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._line.close()

    async def call(self, method: grpc.aio.UnaryUnaryMultiCallable[Q, R], request: Q) -> R:
        """Return the answer; raises the server's error as the AidevosError that it is.

        Cancel: unknown whether it was applied; ask again with the same request.
        """
        return await self._line.call(method, request, self.patience_s)

    def stream(
        self, method: grpc.aio.UnaryStreamMultiCallable[Q, R], request: Q
    ) -> AsyncIterator[R]:
        """Yield the server's messages until it ends; raises its error, and never retries."""
        return self._line.stream(method, request)
