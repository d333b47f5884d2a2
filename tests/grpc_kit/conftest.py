"""The conformance kit of gRPC servers: each test runs on every server behind the interface."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from kit_world import KitWorld, kit_world

from aidevos.doors.grpc_door import SERVERS


@pytest.fixture(params=sorted(SERVERS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def world(kind: str) -> AsyncIterator[KitWorld]:
    async with kit_world(kind) as made:
        yield made
