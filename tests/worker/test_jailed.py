"""Generated code in the jail: what it needs works."""

from bundles import jailed
from world import world


async def test_a_jailed_counter_counts() -> None:
    async with world(await jailed()) as w:
        assert (await w.call("Counter/a", "add", b'{"n":2}')).payload == b"2"
        print(w.executor.extras)
