"""kill -9 in the middle of load, again and again: what was acknowledged is there exactly once."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "host"))

from aidevos_host.host import Host
from counter_type import call, install
from loaded_host import CONFIG, KEYS

from aidevos.core.errors import UnavailableError
from aidevos.core.ids import ObjectId
from aidevos.storage.lock import DirectoryLock
from aidevos.storage.log import ShardLog
from aidevos.storage.sqlite import SqliteStore

ROUNDS = 30
CHILD = Path(__file__).with_name("loaded_host.py")


def start(directory: Path, round: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(CHILD), str(directory), str(round)],
        stdout=subprocess.PIPE,
        text=True,
    )


def kill_after(child: subprocess.Popen[str], count: int) -> list[str]:
    """Kill the child once it acknowledged `count` calls; return every whole line it wrote."""
    assert child.stdout is not None
    lines = [child.stdout.readline() for _ in range(count)]
    child.kill()
    lines += child.stdout.readlines()
    child.wait()
    child.stdout.close()
    assert lines[0], "it never came up"
    return [line for line in lines if line.endswith("\n")]


async def test_every_acknowledged_change_outlives_thirty_kills_exactly_once(
    tmp_path: Path,
) -> None:
    acknowledged: list[str] = []
    for round in range(ROUNDS):
        acknowledged += kill_after(start(tmp_path, round), 5 + round * 37 % 80)
    host = Host(ShardLog(SqliteStore(tmp_path / "aidevos.db")), CONFIG)
    install(host)
    await host.start()
    kept: dict[tuple[str, str], list[int]] = {}
    for key in KEYS:
        events = await host.list_events(ObjectId("default", "Counter", key), "operator", limit=1000)
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        for event in events:
            kept.setdefault((key, event.request_id), []).append(event.sequence)
        assert (await host.invoke(call(key, "q", "read"))).payload == str(len(events)).encode()
    assert Counter(len(found) for found in kept.values()).keys() == {1}
    for line in acknowledged:
        key, name, version = line.split()
        assert kept[key, name] == [int(version)]
        assert (await host.invoke(call(key, name))).version == int(version)
    assert any(shard.machine.fence.checkpoint for shard in host._shards.values())
    await host.stop()
    await host._log.store.close()


def test_a_second_process_on_one_data_directory_is_refused(tmp_path: Path) -> None:
    child = start(tmp_path, 0)
    try:
        assert child.stdout is not None
        assert child.stdout.readline()
        with pytest.raises(UnavailableError, match=str(child.pid)):
            DirectoryLock(tmp_path)
    finally:
        kill_after(child, 1)
    DirectoryLock(tmp_path).close()
