"""The example of docs/agents.md, run as it is."""

import json
from pathlib import Path

import pytest
from agents_world import OPERATOR, running
from greeter_agent import main

from aidevos.v1 import agents_pb2 as pb


async def test_the_greeter_of_the_examples_greets_and_remembers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running() as world:
        address = {"grpc": world.server, "token": OPERATOR}
        (tmp_path / "address.json").write_text(json.dumps(address))
        for name in ("Ada", "Grace"):
            await main(str(tmp_path), name)
        assert capsys.readouterr().out == "Hello Ada\nHello Grace\n"
        stub = world.connection.agents
        request = pb.LoadStateRequest(agent_id="greeter", state_id="agent")
        kept = await world.connection.call(stub.LoadState, request)
        assert "greeted Grace" in str(kept.state)
