"""`aidevos bench` as a user runs it: what it counts, what it calls, how it ends."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PORTS = [f"--{door}=127.0.0.1:0" for door in ("http", "admin", "grpc")]
BRIEF = ("--seconds", "0.3", "--outstanding", "16", "-o", "json")


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aidevos_cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Return the addresses and the token of a server that serves examples/counter.py."""
    data = tmp_path_factory.mktemp("data")
    types = ROOT / "examples" / "counter.py"
    command = [sys.executable, "-m", "aidevos_standalone", "--data", str(data), *PORTS]
    server = subprocess.Popen(
        [*command, "--types", str(types), "--no-agents"], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    assert json.loads(server.stdout.readline())["event"] == "ready"
    yield json.loads((data / "address.json").read_text())
    server.terminate()
    server.communicate(timeout=20)


def test_what_it_says_it_called_was_applied(address: dict[str, str]) -> None:
    place = ("--server", address["grpc"], "--token", address["token"])
    done = run("bench", *place, "--objects", 10, *BRIEF)
    (row,) = [json.loads(line) for line in done.stdout.splitlines()]
    listed = run("list", "Counter", "--prefix", "bench-", *place, "-o", "json")
    objects = [json.loads(line) for line in listed.stdout.splitlines()]
    assert len(objects) == 10
    assert sum(found["total"] for found in objects) >= row["calls"] > 0
    assert sum(found["version"] for found in objects) == sum(found["total"] for found in objects)


def test_the_operator_is_told_which_process_ran_the_handler_and_what_it_cost(
    address: dict[str, str],
) -> None:
    done = run("bench", "--server", address["grpc"], "--token", address["token"], *BRIEF)
    row = json.loads(done.stdout)
    assert row["handler"] == "worker"
    assert row["calls_per_fsync"] >= 1
    assert set(row["cpu_us"]) == {"client", "host", "worker"}
    assert min(row["cpu_us"].values()) > 0
    assert row["p50_ms"] <= row["p99_ms"] <= row["p99_9_ms"]
    assert row["calls_per_cpu_s"] == pytest.approx(1e6 / sum(row["cpu_us"].values()), rel=0.01)


def test_others_see_what_they_can_measure_themselves(address: dict[str, str]) -> None:
    row = json.loads(run("bench", "--server", address["grpc"], *BRIEF).stdout)
    assert (row["handler"], row["calls_per_fsync"]) == ("", None)
    assert set(row["cpu_us"]) == {"client"}
    assert row["calls_per_cpu_s"] is None
    assert row["calls_per_s"] > 0


def test_who_does_not_see_the_servers_cpu_is_told_by_what_it_would(
    address: dict[str, str],
) -> None:
    done = run("bench", "--server", address["grpc"], *BRIEF[:4])
    _, line = done.stdout.splitlines()
    assert line.split()[3] == "-"
    assert (
        "AIDEVOS_TOKEN=... lets it see the server's CPU (the token is in address.json"
        in done.stderr
    )
    seen = run("bench", "--server", address["grpc"], "--token", address["token"], *BRIEF[:4])
    assert "AIDEVOS_TOKEN" not in seen.stderr
    assert int(seen.stdout.splitlines()[1].split()[3]) > 0


def test_without_a_server_a_temporary_one_counts_and_is_gone_afterwards() -> None:
    done = run("bench", "--seconds", 0.2, "--outstanding", 4, "--outstanding", 8)
    assert done.returncode == 0
    head, few, many = done.stdout.splitlines()
    assert head.split()[:2] == ["CALL", "OUTSTANDING"]
    assert (few.split()[:2], many.split()[:2]) == (["Counter.add", "4"], ["Counter.add", "8"])


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--call", "Nix.add"), 3, "there are: Counter"),
        (("--call", "Counter.nix"), 3, "it has: add, total"),
        (("--call", "Counter"), 2, "write TYPE.METHOD"),
        (("--arguments", "{n}"), 2, "must be a JSON object"),
        (("--arguments", '{"n": 0}'), 2, "n must be positive"),
    ],
)
def test_what_cannot_be_called_ends_with_a_sentence(
    address: dict[str, str], arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = run("bench", "--server", address["grpc"], *arguments, *BRIEF)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in json.loads(done.stderr)["error"]["message"]
