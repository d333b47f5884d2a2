"""gRPC's public interoperability cases, with the client of grpc-python."""

import asyncio
from collections.abc import AsyncIterator

import grpc
import pytest
from interop_server import INITIAL, TRAILING, Interop
from interop_stubs import pb, rpc

Code = grpc.StatusCode
REQUESTS, RESPONSES = (27_182, 8, 1_828, 45_904), (31_415, 9, 2_653, 58_979)


@pytest.fixture
async def stub(server: Interop) -> AsyncIterator["rpc.TestServiceStub"]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield rpc.TestServiceStub(channel)


def body(size: int) -> pb.Payload:
    return pb.Payload(body=bytes(size))


def wanted(*sizes: int, **more: object) -> pb.StreamingOutputCallRequest:
    parameters = [pb.ResponseParameters(size=size) for size in sizes]
    return pb.StreamingOutputCallRequest(response_parameters=parameters, **more)


async def failed(call: object) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call  # type: ignore[misc]
    return caught.value


async def test_empty_unary(stub: "rpc.TestServiceStub") -> None:
    assert await stub.EmptyCall(pb.Empty(), timeout=5) == pb.Empty()


@pytest.mark.parametrize("packing", list(grpc.Compression))
async def test_large_unary(stub: "rpc.TestServiceStub", packing: grpc.Compression) -> None:
    request = pb.SimpleRequest(response_size=314_159, payload=body(271_828))
    if packing is grpc.Compression.Deflate:  # Ours takes gzip alone, and says so.
        code = await stub.UnaryCall(request, timeout=5, compression=packing).code()
        assert code in (Code.OK, Code.UNIMPLEMENTED)
    else:
        response = await stub.UnaryCall(request, timeout=5, compression=packing)
        assert len(response.payload.body) == 314_159


async def test_client_compressed_unary(server: Interop, stub: "rpc.TestServiceStub") -> None:
    yes, no = pb.BoolValue(value=True), pb.BoolValue(value=False)
    probe = pb.SimpleRequest(expect_compressed=yes, response_size=10, payload=body(271_828))
    if server.kind == "own":  # grpc.aio does not tell a handler.
        assert (await failed(stub.UnaryCall(probe, timeout=5))).code() is Code.INVALID_ARGUMENT
    packed = stub.UnaryCall(probe, timeout=5, compression=grpc.Compression.Gzip)
    assert len((await packed).payload.body) == 10
    plain = pb.SimpleRequest(expect_compressed=no, response_size=10, payload=body(271_828))
    assert len((await stub.UnaryCall(plain, timeout=5)).payload.body) == 10


async def test_server_compressed_unary(stub: "rpc.TestServiceStub") -> None:
    for value in (True, False):
        request = pb.SimpleRequest(
            response_compressed=pb.BoolValue(value=value), response_size=314_159
        )
        assert len((await stub.UnaryCall(request, timeout=5)).payload.body) == 314_159


async def test_client_streaming(stub: "rpc.TestServiceStub") -> None:
    requests = (pb.StreamingInputCallRequest(payload=body(size)) for size in REQUESTS)
    response = await stub.StreamingInputCall(requests, timeout=5)
    assert response.aggregated_payload_size == 74_922


async def test_client_compressed_streaming(stub: "rpc.TestServiceStub") -> None:
    yes = pb.BoolValue(value=True)
    requests = (
        pb.StreamingInputCallRequest(payload=body(size), expect_compressed=yes)
        for size in (27_182, 45_904)
    )
    call = stub.StreamingInputCall(requests, timeout=5, compression=grpc.Compression.Gzip)
    assert (await call).aggregated_payload_size == 73_086


async def test_server_streaming(stub: "rpc.TestServiceStub") -> None:
    responses = stub.StreamingOutputCall(wanted(*RESPONSES), timeout=5)
    assert tuple([len(item.payload.body) async for item in responses]) == RESPONSES


async def test_ping_pong(stub: "rpc.TestServiceStub") -> None:
    call = stub.FullDuplexCall(timeout=5)
    for request, response in zip(REQUESTS, RESPONSES, strict=True):
        await call.write(wanted(response, payload=body(request)))
        assert len((await call.read()).payload.body) == response
    await call.done_writing()
    assert await call.read() is grpc.aio.EOF
    assert await call.code() is Code.OK


async def test_empty_stream(stub: "rpc.TestServiceStub") -> None:
    call = stub.FullDuplexCall(timeout=5)
    await call.done_writing()
    assert await call.read() is grpc.aio.EOF
    assert await call.code() is Code.OK


async def test_custom_metadata(stub: "rpc.TestServiceStub") -> None:
    sent = ((INITIAL, "test_initial_metadata_value"), (TRAILING, b"\xab\xab\xab"))
    unary = stub.UnaryCall(pb.SimpleRequest(response_size=1), metadata=sent, timeout=5)
    duplex = stub.FullDuplexCall(metadata=sent, timeout=5)
    await duplex.write(wanted(1, payload=body(1)))
    await duplex.done_writing()
    await unary
    while await duplex.read() is not grpc.aio.EOF:
        pass
    for call in (unary, duplex):
        assert dict(await call.initial_metadata())[INITIAL] == "test_initial_metadata_value"
        assert dict(await call.trailing_metadata())[TRAILING] == b"\xab\xab\xab"


@pytest.mark.parametrize(
    "message",
    [
        "test status message",
        "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n",
    ],
)
async def test_status_code_and_message(stub: "rpc.TestServiceStub", message: str) -> None:
    """And special_status_message: the same with a message that has to be encoded."""
    status = pb.EchoStatus(code=2, message=message)
    error = await failed(stub.UnaryCall(pb.SimpleRequest(response_status=status), timeout=5))
    assert (error.code(), error.details()) == (Code.UNKNOWN, message)
    call = stub.FullDuplexCall(timeout=5)
    await call.write(pb.StreamingOutputCallRequest(response_status=status))
    await call.done_writing()
    error = await failed(call.read())
    assert (error.code(), error.details()) == (Code.UNKNOWN, message)


async def test_unimplemented_method(stub: "rpc.TestServiceStub") -> None:
    error = await failed(stub.UnimplementedCall(pb.Empty(), timeout=5))
    assert error.code() is Code.UNIMPLEMENTED


async def test_unimplemented_service(server: Interop) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        stub = rpc.UnimplementedServiceStub(channel)
        error = await failed(stub.UnimplementedCall(pb.Empty(), timeout=5))
    assert error.code() is Code.UNIMPLEMENTED


async def test_cancel_after_begin(stub: "rpc.TestServiceStub") -> None:
    call = stub.StreamingInputCall(timeout=5)
    call.cancel()
    assert await call.code() is Code.CANCELLED


async def test_cancel_after_first_response(stub: "rpc.TestServiceStub") -> None:
    call = stub.FullDuplexCall(timeout=5)
    await call.write(wanted(31_415, payload=body(27_182)))
    assert len((await call.read()).payload.body) == 31_415
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call.read()
    assert await call.code() is Code.CANCELLED


async def test_timeout_on_sleeping_server(stub: "rpc.TestServiceStub") -> None:
    call = stub.FullDuplexCall(timeout=0.05)
    parameters = pb.ResponseParameters(size=31_415, interval_us=2_000_000)
    await call.write(
        pb.StreamingOutputCallRequest(response_parameters=[parameters], payload=body(27_182))
    )
    assert (await failed(call.read())).code() is Code.DEADLINE_EXCEEDED
