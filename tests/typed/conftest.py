"""Lets the tests of this folder import their helpers; the world that they share."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "doors"))
sys.path.insert(0, str(Path(__file__).parent))

from typed_world import TypedWorld, running

from aidevos.doors.grpc_door import SERVERS


@pytest.fixture(params=sorted(SERVERS))
async def world(request: pytest.FixtureRequest) -> AsyncIterator[TypedWorld]:
    async with running(server=request.param) as made:
        yield made
