"""A developer's own types in a plain worker."""

import asyncio
from pathlib import Path

import pytest
from aidevos_host.worker import start_types
from world import world

from aidevos.core.errors import FailedPreconditionError, HandlerFailedError

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


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def f(:", "bad.py, line 1: invalid syntax"),
        ("import aidevos", "no class in it is a DurableObject"),
        ("raise SystemExit('no')", "bad.py, line 1: SystemExit: no"),
        (
            "import aidevos\nclass A(aidevos.DurableObject):\n    State = 1",
            "line 2: DefinitionError",
        ),
    ],
)
async def test_what_is_wrong_with_a_file_is_one_sentence(
    text: str, says: str, tmp_path: Path
) -> None:
    (tmp_path / "bad.py").write_text(text)
    with pytest.raises(FailedPreconditionError) as caught:
        await start_types([tmp_path / "bad.py"])
    assert says in str(caught.value)


async def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FailedPreconditionError, match="is not there"):
        await start_types([tmp_path / "none.py"])


async def test_a_handler_that_exits_fails_its_own_call_alone(tmp_path: Path) -> None:
    exits = "if n == 7: import os; os._exit(1)\n        if n <= 0:"
    text = COUNTER.read_text().replace("if n <= 0:", exits)
    (tmp_path / "counter.py").write_text(text)
    async with world(await start_types([tmp_path / "counter.py"])) as w:
        calls = [w.call(f"Counter/{n}", "add", b'{"n":%d}' % n) for n in range(4, 10)]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        failed = [answer for answer in answers if isinstance(answer, HandlerFailedError)]
        assert [str(error) for error in failed] == [
            "Counter.add ended its worker process (exit code 1); nothing was changed"
        ]
        assert isinstance(answers[3], HandlerFailedError)
