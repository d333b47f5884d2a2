"""Every claim is a file that says what it claims and can be run; one that fails is told as such."""

import importlib
import subprocess
import sys

import pytest

from benchmarks.claims import CLAIMS
from benchmarks.common import ROOT, NotHereError
from benchmarks.redis_server import redis_server
from benchmarks.result import at_least, failed
from benchmarks.run import exit_code, one_claim


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


@pytest.mark.parametrize("module", ["benchmarks.run", "benchmarks.claim"])
def test_a_name_that_is_no_claims_is_told_with_those_that_are(module: str) -> None:
    command = [sys.executable, "-m", module, "framed_hat"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 1
    assert done.stderr == f"no claim framed_hat; there are: {', '.join(CLAIMS)}\n"


def test_a_quick_run_fails_by_what_breaks_and_not_by_what_is_slow() -> None:
    slow, broke = at_least("rate", 1, "/s", 2), failed("claim", "failed with code 1")
    assert slow.met == "NO"
    assert [exit_code([slow], quick=quick) for quick in (False, True)] == [1, 0]
    assert [exit_code([broke], quick=quick) for quick in (False, True)] == [1, 1]


def test_the_page_names_every_claim() -> None:
    page = (ROOT / "docs" / "performance.md").read_text()
    assert f"Claims: {', '.join(f'`{name}`' for name in CLAIMS)}." in page.replace("\n", " ")


def test_without_redis_its_row_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NotHereError, match="apt-get install redis-server"), redis_server():
        pass


def test_one_claim_by_its_name_prints_one_table() -> None:
    command = [sys.executable, "-m", "benchmarks.claim", "cli_help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    assert '"help, once installed (median)"' in done.stdout
