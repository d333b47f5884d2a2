"""Metadata: what comes is seen, what is sent arrives, and too much is refused."""

import grpc
import pytest
from kit_service import NAME
from kit_world import KitWorld
from test_kit_unary import refused

Code = grpc.StatusCode


async def test_metadata_comes_back_as_head_and_trailers(world: KitWorld) -> None:
    sent = (
        ("kit-text", 'a, b; c="d" ~!@#$%^&*()'),
        ("kit-empty", ""),
        ("kit-twice", "1"),
        ("kit-twice", "2"),
        ("kit-bytes-bin", bytes(range(256))),
        ("kit-none-bin", b""),
    )
    call = world.unary("Metadata")(b"", metadata=sent)
    head = [pair for pair in await call.initial_metadata() if pair[0].startswith("kit-")]
    await call
    trailers = [pair for pair in await call.trailing_metadata() if pair[0].startswith("kit-")]
    assert sorted(head, key=repr) == sorted(sent, key=repr)
    assert sorted(trailers, key=repr) == sorted(sent, key=repr)


async def test_handlers_see_metadata_and_not_what_http_adds(world: KitWorld) -> None:
    call = world.unary("Metadata")(b"", metadata=(("kit-a", "1"), ("other", "2")))
    assert await call == b"['kit-a', 'other', 'user-agent']"


async def test_metadata_of_the_allowed_size_passes(world: KitWorld) -> None:
    sent = (("kit-large", "x" * 7_000),)
    call = world.unary("Metadata")(b"", metadata=sent)
    await call
    assert ("kit-large", "x" * 7_000) in [tuple(pair) for pair in await call.trailing_metadata()]


async def test_too_much_metadata_is_refused_and_the_connection_goes_on(world: KitWorld) -> None:
    call = world.channel.unary_unary(f"/{NAME}/Echo")
    error = await refused(call(b"", metadata=(("kit-large", "x" * 40_000),), timeout=5))
    assert error.code() in (Code.RESOURCE_EXHAUSTED, Code.INTERNAL)
    assert await world.unary("Echo")(b"next") == b"next"


@pytest.mark.parametrize("seconds", [None, 5, 300])
async def test_a_handler_knows_how_long_it_has(world: KitWorld, seconds: float | None) -> None:
    call = world.channel.unary_unary(f"/{NAME}/Remaining")
    left = eval(await call(b"", timeout=seconds))
    if seconds is None:
        assert left is None or left > 1e6
    else:
        assert seconds - 2 < left <= seconds + 2
