"""The verb explain as a user runs it: what goes where, and the exit code."""

import json
import subprocess
import sys
from pathlib import Path

from aidevos_agents.spec import compile_spec

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aidevos_cli", "explain", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_what_is_said_back_is_a_spec_that_means_the_same() -> None:
    done = run(EXAMPLES / "todo.md")
    assert done.returncode == 0
    assert "26 sentences, 26 understood, 0 ambiguous, 0 not understood" in done.stderr
    assert compile_spec(done.stdout).model == compile_spec((EXAMPLES / "todo.md").read_text()).model


def test_problems_name_their_places_and_end_with_code_one() -> None:
    spec = EXAMPLES / "bookshelf.md"
    done = run(spec)
    assert done.returncode == 1
    assert f'{spec}:40:5  not understood: "A reader can add a book' in done.stderr


def test_machines_get_one_object() -> None:
    done = run(EXAMPLES / "shop.md", "-o", "json")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert told["understood"] is False
    assert told["coverage"]["sentences"] > told["coverage"]["understood"] > 0
    assert {"line", "column", "what", "do"} == set(told["problems"][0])


def test_a_file_that_is_not_there_ends_with_code_three(tmp_path: Path) -> None:
    done = run(tmp_path / "none.md")
    assert done.returncode == 3
    assert "cannot be read" in done.stderr
