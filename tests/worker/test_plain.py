"""A developer's own types in a plain worker."""

from pathlib import Path

import pytest
from aidevos_host.worker import start_types
from world import world

from aidevos.core.errors import FailedPreconditionError

COUNTER = Path(__file__).parents[2] / "examples" / "counter.py"


async def test_the_example_counts_through_the_host() -> None:
    async with world(await start_types([COUNTER])) as w:
        assert (await w.call("Counter/a", "add", b'{"n":2}')).payload == b"2"
        assert (await w.call("Counter/a", "add")).payload == b"3"
        refused = await w.call("Counter/a", "add", b'{"n":0}')
        assert refused.error is not None
        assert refused.error.message == "n must be positive"
        assert (await w.call("Counter/a", "total")).payload == b"3"
        assert w.executor.types[0].name == "Counter"


async def test_a_file_that_does_not_import_is_told_with_its_line(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("import aidevos\n\nnothing_such\n")
    with pytest.raises(FailedPreconditionError) as caught:
        await start_types([bad])
    assert f"{bad}, line 3: NameError" in str(caught.value)
