"""The whole server on either door: told by its command line, stopped by SIGTERM."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import grpc

from aidevos.v1 import admin_pb2
from aidevos.v1.admin_pb2_grpc import AdminServiceStub

PORTS = [f"--{door}=127.0.0.1:0" for door in ("http", "admin", "grpc")]


async def test_the_server_answers_and_ends_on_every_door(kind: str, tmp_path: Path) -> None:
    command = ("-m", "aidevos_standalone", "--data", str(tmp_path), "--no-agents", "--memory")
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, "--door", kind, *PORTS, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            ready = json.loads(await process.stdout.readline())
            assert await asked(tmp_path) == ready["pid"]
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()


async def asked(data: Path) -> int:
    """Return the process that answers the operator."""
    address = json.loads((data / "address.json").read_text())
    shown = (("authorization", f"Bearer {address['token']}"),)
    async with grpc.aio.insecure_channel(address["grpc"]) as channel:
        info = AdminServiceStub(channel).GetServerInfo
        request = admin_pb2.GetServerInfoRequest()
        return int((await info(request, metadata=shown, timeout=10)).process_id)
