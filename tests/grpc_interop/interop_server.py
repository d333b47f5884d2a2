"""The test server of gRPC's public interoperability cases, on any server behind the interface."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from interop_stubs import pb, rpc

from aidevos.doors.grpc_door import SERVERS
from aidevos.doors.grpc_interface import Tls
from aidevos.doors.grpc_reflection import add_reflection

Code = grpc.StatusCode
INITIAL, TRAILING = "x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin"
CODES = {code.value[0]: code for code in Code}


class TestService(rpc.TestServiceServicer):
    """Echoes as the cases demand. It has no UnimplementedCall."""

    __test__ = False

    async def EmptyCall(self, request: pb.Empty, context: Any) -> pb.Empty:
        return pb.Empty()

    async def UnaryCall(self, request: pb.SimpleRequest, context: Any) -> pb.SimpleResponse:
        await echo_metadata(context)
        await check_packed(request, context)
        if request.HasField("response_status"):
            await end_as_asked(request.response_status, context)
        if request.response_compressed.value:
            context.set_compression(grpc.Compression.Gzip)
        return pb.SimpleResponse(payload=payload(request.response_size))

    async def StreamingOutputCall(
        self, request: pb.StreamingOutputCallRequest, context: Any
    ) -> AsyncIterator[pb.StreamingOutputCallResponse]:
        for wanted in request.response_parameters:
            await asyncio.sleep(wanted.interval_us / 1e6)
            yield pb.StreamingOutputCallResponse(payload=payload(wanted.size))

    async def StreamingInputCall(
        self, request_iterator: AsyncIterator[pb.StreamingInputCallRequest], context: Any
    ) -> pb.StreamingInputCallResponse:
        size = 0
        async for request in request_iterator:
            await check_packed(request, context)
            size += len(request.payload.body)
        return pb.StreamingInputCallResponse(aggregated_payload_size=size)

    async def FullDuplexCall(
        self, request_iterator: AsyncIterator[pb.StreamingOutputCallRequest], context: Any
    ) -> AsyncIterator[pb.StreamingOutputCallResponse]:
        await echo_metadata(context)
        async for request in request_iterator:
            if request.HasField("response_status"):
                await end_as_asked(request.response_status, context)
            async for response in self.StreamingOutputCall(request, context):
                yield response


def payload(size: int) -> pb.Payload:
    return pb.Payload(body=bytes(size))


async def echo_metadata(context: Any) -> None:
    sent = dict(context.invocation_metadata())
    if INITIAL in sent:
        await context.send_initial_metadata(((INITIAL, sent[INITIAL]),))
    if TRAILING in sent:
        context.set_trailing_metadata(((TRAILING, sent[TRAILING]),))


async def end_as_asked(asked: pb.EchoStatus, context: Any) -> None:
    if asked.code:
        await context.abort(CODES[asked.code], asked.message)


async def check_packed(request: Any, context: Any) -> None:
    """Refuse a request that was to be packed and is not; grpc.aio's handlers cannot know."""
    packed = getattr(context, "request_packed", lambda: True)
    if request.expect_compressed.value and not packed():
        await context.abort(Code.INVALID_ARGUMENT, "the message is not packed")


@dataclass
class Interop:
    kind: str
    port: int


@asynccontextmanager
async def interop_server(kind: str, tls: Tls | None = None) -> AsyncIterator[Interop]:
    server = SERVERS[kind]()
    rpc.add_TestServiceServicer_to_server(TestService(), server)  # type: ignore[arg-type]
    add_reflection(server, ["grpc.testing.TestService"], lambda _: [])  # type: ignore[arg-type]
    port = await server.listen("127.0.0.1:0", tls)
    try:
        yield Interop(kind, port)
    finally:
        await server.stop(grace_s=0.5)
