"""Every claim is a file that says what it claims and can be run; one that fails is told as such."""

import importlib
import subprocess
import sys

import pytest

from benchmarks.common import NotHereError
from benchmarks.redis_server import redis_server
from benchmarks.run import CLAIMS, one_claim


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_is_a_file_that_says_what_it_claims(name: str) -> None:
    module = importlib.import_module(f"benchmarks.{name}")
    assert (module.__doc__ or "").startswith("Claim"), name
    assert callable(module.run), name


def test_a_claim_that_cannot_run_has_a_row_that_says_so() -> None:
    (row,) = one_claim("no_such_claim").results
    assert (row.value, row.met) == (None, "NO")
    assert "no_such_claim" in row.name
    assert "failed" in row.note


def test_without_redis_its_row_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NotHereError, match="apt-get install redis-server"), redis_server():
        pass


def test_one_claim_by_its_name_prints_one_table() -> None:
    command = [sys.executable, "-m", "benchmarks.claim", "cli_help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    assert '"help, once installed (median)"' in done.stdout
