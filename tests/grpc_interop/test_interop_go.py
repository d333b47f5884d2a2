"""gRPC's public interoperability cases, with the client of grpc-go, plain and over TLS."""

import pytest
from gotool import go_tool, run_tool
from interop_server import interop_server
from kit_world import TLS

from aidevos.doors.grpc_interface import Tls

CASES = (
    "empty_unary",
    "large_unary",
    "client_streaming",
    "server_streaming",
    "ping_pong",
    "empty_stream",
    "custom_metadata",
    "status_code_and_message",
    "special_status_message",
    "unimplemented_method",
    "unimplemented_service",
    "cancel_after_begin",
    "cancel_after_first_response",
    "timeout_on_sleeping_server",
)
SERVER = Tls(certificate=TLS / "server.pem", key=TLS / "server.key")
SECURE = ("-use_tls", "-use_test_ca", f"-ca_file={TLS / 'roots.pem'}")


@pytest.mark.parametrize("tls", [False, True])
async def test_the_client_of_grpc_go_passes_every_case(tls: bool) -> None:
    tool, failed = go_tool("interop-client"), {}
    async with interop_server("own", SERVER if tls else None) as server:
        where = ("-server_host=localhost", f"-server_port={server.port}", *(SECURE if tls else ()))
        for case in CASES:
            code, written = await run_tool(tool, *where, f"-test_case={case}")
            if code:
                failed[case] = written
    assert failed == {}
