"""A stream that nobody reads any more keeps nothing of what its calls come to."""

import pytest
from lane_stream import Stream
from lane_world import lane_world


@pytest.mark.parametrize("calls", [("a.add", "b.add"), ("a.add",), ("a.total", "b.total")])
async def test_answers_that_come_after_the_end_of_a_stream_are_not_kept(
    calls: tuple[str, ...],
) -> None:
    async with lane_world() as world:
        stream = Stream(world.host)
        numbers = stream.say(*calls)
        stream.port.close()
        await world.go()
        await world.at_rest()
        assert not stream.told
        assert not stream.port._answers  # type: ignore[attr-defined]
        assert not stream.port._columns, numbers  # type: ignore[attr-defined]
