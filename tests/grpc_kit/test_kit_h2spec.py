"""h2spec, the public conformance suite of HTTP/2, against our own door."""

import re

import pytest
from gotool import go_tool, run_tool
from kit_world import TLS, kit_world

from aidevos.doors.grpc_interface import Tls

SERVER = Tls(certificate=TLS / "server.pem", key=TLS / "server.key")


@pytest.mark.parametrize("tls", [False, True])
async def test_every_case_of_h2spec_passes(tls: bool) -> None:
    tool = go_tool("h2spec")
    secure = ("-t", "-k") if tls else ()
    async with kit_world("own", SERVER if tls else None) as world:
        where = ("-h", "127.0.0.1", "-p", str(world.port), "-o", "2")
        _, written = await run_tool(tool, *where, *secure, within_s=100)
    found = re.search(r"(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed", written)
    assert found is not None, written
    assert found.groups() == ("145", "145", "0", "0"), written
