"""Starts the server that the interoperability cases call."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "grpc_kit"))

from interop_server import Interop, interop_server

from aidevos.doors.grpc_door import SERVERS


@pytest.fixture(params=sorted(SERVERS))
async def server(request: pytest.FixtureRequest) -> AsyncIterator[Interop]:
    async with interop_server(request.param) as made:
        yield made
