"""Lets the tests of this folder import their helpers; the worlds that they share."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from grpc_world import World, running
from todo_world import TodoWorld, todo_world

from aidevos.doors.grpc_door import SERVERS


@pytest.fixture
async def todo() -> AsyncIterator[TodoWorld]:
    async with todo_world() as world:
        yield world


@pytest.fixture(params=sorted(SERVERS))
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with running(server=request.param) as made:
        yield made


@pytest.fixture(params=["reference", "host"])
def sessions(request: pytest.FixtureRequest, world: World) -> None:
    """Run a test of sessions over the slow and obvious ones, and over the host's own."""
    world.between.plain = request.param == "reference"
