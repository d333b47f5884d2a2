"""grpcurl against our own door: lists, describes, calls, streams, and shows what was refused."""

import json

import pytest
from gotool import go_tool, run_tool
from interop_server import Interop, interop_server
from kit_world import TLS

from aidevos.doors.grpc_interface import Tls

SERVICE = "grpc.testing.TestService"


@pytest.fixture
def server() -> None:
    """Leave the other fixture out: one server is enough here."""


async def grpcurl(server: Interop, *arguments: str) -> tuple[int, str]:
    *options, last = arguments
    place = f"127.0.0.1:{server.port}"
    return await run_tool(go_tool("grpcurl"), "-plaintext", *options, place, *last.split())


async def test_grpcurl_lists_describes_and_calls() -> None:
    async with interop_server("own") as server:
        code, listed = await grpcurl(server, "list")
        assert (code, SERVICE in listed.split()) == (0, True)
        code, described = await grpcurl(server, f"describe {SERVICE}.UnaryCall")
        assert (code, "SimpleRequest" in described) == (0, True)
        asked = ("-d", '{"responseSize": 3}')
        code, answer = await grpcurl(server, *asked, f"{SERVICE}/UnaryCall")
        assert (code, json.loads(answer)) == (0, {"payload": {"body": "AAAA"}})


async def test_grpcurl_shows_a_refusal_and_metadata() -> None:
    async with interop_server("own") as server:
        asked = ("-d", '{"responseStatus": {"code": 9, "message": "not »now«"}}')
        code, shown = await grpcurl(server, *asked, f"{SERVICE}/UnaryCall")
        assert code == 64 + 9
        assert "Code: FailedPrecondition" in shown
        assert "not »now«" in shown
        head = ("-v", "-H", "x-grpc-test-echo-initial: here")
        code, shown = await grpcurl(server, *head, f"{SERVICE}/UnaryCall")
        assert (code, "x-grpc-test-echo-initial: here" in shown) == (0, True)


async def test_grpcurl_streams_both_ways() -> None:
    async with interop_server("own") as server:
        asked = ("-d", '{"responseParameters": [{"size": 1}, {"size": 2}]}' * 2)
        code, shown = await grpcurl(server, *asked, f"{SERVICE}/FullDuplexCall")
        assert (code, shown.count('"body"')) == (0, 4)


async def test_grpcurl_calls_over_tls() -> None:
    tls = Tls(certificate=TLS / "server.pem", key=TLS / "server.key")
    async with interop_server("own", tls) as server:
        secure = ("-cacert", str(TLS / "roots.pem"), f"localhost:{server.port}")
        code, shown = await run_tool(go_tool("grpcurl"), *secure, f"{SERVICE}/EmptyCall")
    assert (code, shown.strip()) == (0, "{}")
