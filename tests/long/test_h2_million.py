"""A million fuzzed inputs for our HTTP/2, in one process: some ten minutes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INPUTS = 1_000_000


@pytest.mark.long
def test_nothing_escapes_from_a_million_inputs() -> None:
    """The seeds follow those of the short test. One that fails: `--first SEED --inputs 1`."""
    command = [sys.executable, str(ROOT / "tests/h2/h2_fuzz.py"), "--first", "3000"]
    ended = subprocess.run(
        [*command, "--inputs", str(INPUTS)], check=False, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr[-4_000:]
    memory = re.search(r"memory (\d+) MB before, (\d+) MB at most", ended.stdout)
    assert memory is not None, ended.stdout
    assert int(memory[2]) - int(memory[1]) < 64
