"""SessionService over an ObjectPort: opens the session; its stream does the rest.

It needs of its server no more than a bidirectional servicer method as grpc.aio has them: an
iterator of requests in, an async generator of responses out, written one after another.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

from google.protobuf.message import DecodeError

from aidevos.core.errors import InvalidArgumentError
from aidevos.doors.grpc_interface import InlineContext
from aidevos.doors.grpc_serving import Context, Identity, stream
from aidevos.doors.port import ObjectPort
from aidevos.doors.session_stream import SessionStream
from aidevos.doors.session_wire import open_from, torn
from aidevos.v1 import sessions_pb2 as pb
from aidevos.v1 import sessions_pb2_grpc as rpc


class SessionServicer(rpc.SessionServiceServicer):
    """Wire adapter of SessionService."""

    def __init__(self, port: ObjectPort, identity: Identity, stopping: asyncio.Event) -> None:
        """`stopping` ends streams once what they have under way is answered."""
        self._port = port
        self._identity = identity
        self._stopping = stopping
        self._watching: asyncio.Task[None] | None = None
        self._open: set[SessionStream] = set()

    @stream
    async def Session(
        self, request_iterator: AsyncIterator[pb.SessionRequest], context: Context
    ) -> AsyncIterator[pb.SessionResponse]:
        """Carry frames until the client has all its answers."""
        caller = self._identity.caller(context)
        requests = aiter(request_iterator)
        try:
            first = await anext(requests)
        except StopAsyncIteration:
            raise InvalidArgumentError("the first frame must be `open`", field="open") from None
        except DecodeError:
            raise torn() from None
        name, sent_number = open_from(first, caller)
        inline = context if isinstance(context, InlineContext) else None
        session = SessionStream(self._port, name, sent_number, self._identity.monotonic_ms, inline)
        self._watch(session)
        try:
            async with aclosing(session.responses(requests)) as responses:
                async for response in responses:
                    yield response
        finally:
            self._open.discard(session)

    def _watch(self, session: SessionStream) -> None:
        """Let the door's stop end the stream; one task watches for all."""
        self._open.add(session)
        if self._watching is None:
            self._watching = asyncio.ensure_future(self._stop_all())
        elif self._watching.done():
            session.stop()

    async def _stop_all(self) -> None:
        await self._stopping.wait()
        for session in self._open:
            session.stop()
