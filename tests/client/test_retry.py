"""What the client tries again: overload and silence, never what a handler refused with."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "doors"))

from aidevos_client import CallOptions, Client
from grpc_world import running

from aidevos.core.errors import ResourceExhaustedError


async def test_a_handlers_own_refusal_is_told_at_once_whatever_its_reason() -> None:
    async with running() as world, Client(f"127.0.0.1:{world.port}") as client:
        with pytest.raises(ResourceExhaustedError) as caught:
            await client.invoke(("Counter", "a"), "enough", options=CallOptions(timeout_s=5))
        assert "counts no more" in caught.value.message
        assert len(world.between.seen) == 1


async def test_an_overload_of_the_platform_is_tried_again_under_the_same_id() -> None:
    async with running() as world, Client(f"127.0.0.1:{world.port}") as client:

        async def overloaded_once() -> None:
            if len(world.between.seen) == 1:
                raise ResourceExhaustedError("overloaded", retry_after_ms=1)

        world.between.before = overloaded_once
        answer = await client.invoke(("Counter", "a"), "add")
        assert answer.version == 1
        assert len({call.id for call in world.between.seen}) == 1
        assert len(world.between.seen) == 2
