"""What cannot be a spec is refused at once, in the shape of every other refusal."""

import json
from pathlib import Path

import pytest
from aidevos_cli.build_text import ranges
from aidevos_cli.main import cli
from click.testing import CliRunner, Result


def build(spec: Path, data: Path, *more: str) -> Result:
    return CliRunner().invoke(cli, ["build", str(spec), "--data", str(data), *more])


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        (None, 0, "is not there"),
        (b"", 1, "empty"),
        (b" \n\n", 1, "empty"),
        (b"# Todo\n\n\xff\xfe", 3, "UTF-8"),
        (b"# Todo\n\0", 2, "zero byte"),
        (b"x" * 10_000_000, 0, "larger than"),
    ],
)
def test_what_is_no_text_is_refused_with_its_line_before_anything_starts(
    tmp_path: Path, content: bytes | None, line: int, what: str
) -> None:
    spec, data = tmp_path / "spec.md", tmp_path / "data"
    if content is not None:
        spec.write_bytes(content)
    done = build(spec, data, "-o", "json")
    assert done.exit_code == 1
    result = json.loads(done.stdout.splitlines()[-1])
    assert (result["event"], result["deployed"]) == ("result", False)
    (reason,) = result["reasons"]
    assert reason["line"] == line
    assert what in reason["what"]
    assert reason["do"]
    assert not data.exists()


def test_a_directory_is_no_spec(tmp_path: Path) -> None:
    done = build(tmp_path, tmp_path / "data")
    assert done.exit_code == 1
    assert "cannot be read: is a directory" in done.stdout
    assert "Traceback" not in done.output


def test_line_numbers_are_told_as_ranges() -> None:
    assert ranges((3, 9, 10, 11, 12, 15, 15)) == "3, 9-12, 15"
    assert ranges(()) == "none"
