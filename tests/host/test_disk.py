"""A slow or failing fsync under the real server: no answer leaves before it, or after it failed."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("faulty_server.py")
FREE = ("--http=127.0.0.1:0", "--admin=127.0.0.1:0", "--grpc=127.0.0.1:0")
SLOW_S = 0.5


@dataclass
class Server:
    process: "subprocess.Popen[str]"
    http: httpx.Client

    def add(self, n: int) -> httpx.Response:
        return self.http.post("/v1/objects/Counter/a/add", json={"n": n})

    def told(self) -> dict[str, object]:
        assert self.process.stdout is not None
        return dict(json.loads(self.process.stdout.readline()))


@contextmanager
def serving(data: Path) -> Iterator[Server]:
    types = str(ROOT / "examples" / "counter.py")
    command = [sys.executable, str(SCRIPT), "--data", str(data), *FREE, "--types", types]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        with httpx.Client(base_url=ready["addresses"]["admin"], timeout=20) as http:
            yield Server(process, http)
    finally:
        process.kill()
        process.communicate()


def test_no_answer_and_no_refusal_is_sooner_than_a_slow_fsync(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        assert server.add(1).json()["reply"] == 1
        (tmp_path / "slow").touch()
        for n, status in ((2, 200), (0, 400)):
            begun = time.monotonic()
            reply = server.add(n)
            assert time.monotonic() - begun >= SLOW_S
            assert reply.status_code == status
        (tmp_path / "slow").unlink()


def test_a_failed_fsync_is_no_answer_and_a_stop_with_code_5_and_nothing_is_lost(
    tmp_path: Path,
) -> None:
    with serving(tmp_path) as server:
        assert server.add(2).json()["reply"] == 2
        (tmp_path / "fail").touch()
        refused = server.add(3)
        assert refused.status_code == 503
        assert refused.json()["reason"] in ("UNAVAILABLE", "OUTCOME_UNKNOWN")
        told = server.told()
        assert (told["event"], told["reason"]) == ("error", "UNAVAILABLE")
        assert "disk" in str(told["message"])
        assert server.process.wait(20) == 5
    (tmp_path / "fail").unlink()
    with serving(tmp_path) as again:
        assert again.add(1).json()["reply"] == 3
