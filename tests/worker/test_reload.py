"""A developer changes a file while it is served."""

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from aidevos_host.config import HostConfig
from aidevos_host.host import Host
from aidevos_standalone.executors import Executors, open_executors
from aidevos_standalone.owntypes import SERVICE, OwnTypes, own_types, start_early
from world import until

from aidevos.core.call import Call, CallId
from aidevos.core.ids import ObjectId
from aidevos.doors.grpc_door import GrpcDoor
from aidevos.doors.typed.publisher import Publisher
from aidevos.runtime.tokens import Tokens
from aidevos.storage.log import ShardLog
from aidevos.storage.memory import MemoryStore

COUNTER = Path(__file__).parents[2] / "examples" / "counter.py"


def add(id: str, method: str = "add") -> Call:
    return Call(object=ObjectId("default", "Counter", "a"), method=method, id=CallId(session=id))


def version(host: Host) -> int:
    return next(each.version for each in host.catalog.services() if each.name == SERVICE)


def serving(host: Host, executors: Executors, file: Path) -> AbstractAsyncContextManager[None]:
    typed = Publisher(host, GrpcDoor(host, Tokens()).typed)
    own = OwnTypes(host, executors, typed, (file,))
    return own_types(own, start_early(executors, own.files))


async def test_a_written_file_is_served_and_a_broken_one_leaves_what_was(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file, text = tmp_path / "counter.py", COUNTER.read_text()
    file.write_text(text)
    host = Host(ShardLog(MemoryStore()), HostConfig(shard_count=1))
    await host.start()
    async with open_executors() as executors, serving(host, executors, file):
        assert (await host.invoke(add("1"))).payload == b"1"
        file.write_text(text.replace("def total", "def sum"))
        await until(lambda: version(host) == 2)
        assert (await host.invoke(add("2"))).payload == b"2"
        assert (await host.invoke(add("3", "sum"))).payload == b"2"
        file.write_text("import nothing_such")
        await until(lambda: "counter.py, line 1: ModuleNotFoundError" in caplog.text)
        calls = [host.invoke(add(f"more {number}")) for number in range(5)]
        answers = await asyncio.gather(*calls)
        assert sorted(answer.payload for answer in answers) == [b"3", b"4", b"5", b"6", b"7"]
        host.crash()
