"""Lets the tests of this folder import their helpers; the worlds that they share."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from grpc_world import World, running
from todo_world import TodoWorld, todo_world


@pytest.fixture
async def todo() -> AsyncIterator[TodoWorld]:
    async with todo_world() as world:
        yield world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running() as made:
        yield made
