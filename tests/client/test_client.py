"""The Python client against a real server process that is killed and started again."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))
sys.path.insert(0, str(Path(__file__).parents[1] / "doors"))

from aidevos_client import Backoff, CallOptions, Client
from counter import Counter
from frame_client import until
from h2_scripted import GREETING

from aidevos.core.errors import (
    InvalidArgumentError,
    NotFoundError,
    OutcomeUnknownError,
    ResourceExhaustedError,
    UnavailableError,
    VersionConflictError,
)

SERVER = Path(__file__).with_name("counter_server.py")


class Server:
    """One server process after another on one directory and one port."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._child: subprocess.Popen[str] | None = None
        self.port = 0

    def start(self, *more: str) -> None:
        place = f"127.0.0.1:{self.port}"
        command = [sys.executable, str(SERVER), str(self._directory), place, *more]
        self._child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._child.stdout is not None
        self.port = int(self._child.stdout.readline())

    def wait(self) -> int:
        assert self._child is not None
        assert self._child.stdout is not None
        self._child.stdout.close()
        return self._child.wait(10)

    def kill(self) -> None:
        assert self._child is not None
        self._child.kill()
        self.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    yield made
    made.kill()


@pytest.fixture
async def client(server: Server) -> AsyncIterator[Client]:
    server.start()
    async with Client(f"127.0.0.1:{server.port}") as made:
        yield made


async def test_a_change_whose_answer_was_lost_is_applied_once_and_answered(server: Server) -> None:
    server.start("dies")
    async with Client(f"127.0.0.1:{server.port}") as client:
        calling = asyncio.ensure_future(client.invoke(("Counter", "a"), "add", {"n": 2}))
        assert await asyncio.to_thread(server.wait) == -9
        await asyncio.to_thread(server.start)
        answer = await calling
        events = [event async for event in client.events("Counter", "a")]
    assert (answer.payload, answer.version, answer.repeated) == (b"2", 1, True)
    assert len(events) == 1


async def test_callers_do_not_see_that_the_server_was_killed_and_came_back(
    server: Server, client: Client
) -> None:
    """Twenty callers, each with one call after another, over three kills: each counted once."""
    replies: list[int] = []

    async def call_often(key: str) -> None:
        for _ in range(15):
            replies.append(await client.handle(Counter, key).call(Counter.add, n=1))

    calling = [asyncio.ensure_future(call_often(key)) for key in "ab" * 10]
    for enough in (60, 120, 200):
        await until(lambda enough=enough: len(replies) >= enough)
        server.kill()
        await asyncio.to_thread(server.start)
    await asyncio.gather(*calling)
    assert sorted(replies) == sorted([*range(1, 151)] * 2)
    assert (await client.get("Counter", "a")).version == 150


async def test_a_client_that_was_idle_meanwhile_finds_the_server_that_came_back(
    server: Server, client: Client
) -> None:
    counter = client.handle(Counter, "a")
    assert await counter.add() == 1
    carrier = client._framed._carrier
    server.kill()
    await until(lambda: carrier is not None and carrier._task is None)
    await asyncio.to_thread(server.start)
    assert await counter.add() == 2


async def test_without_a_server_nothing_was_applied_and_the_id_is_told(server: Server) -> None:
    server.start()
    server.kill()
    async with Client(f"127.0.0.1:{server.port}") as client:
        options = CallOptions(request_id="mine", timeout_s=0.3)
        with pytest.raises(UnavailableError, match="nothing was applied") as caught:
            await client.invoke(("Counter", "a"), "add", options=options)
        assert not isinstance(caught.value, OutcomeUnknownError)
        assert caught.value.metadata["request_id"] == "mine"
        server.start()
        later = CallOptions(request_id="mine")
        assert (await client.invoke(("Counter", "a"), "add", options=later)).version == 1


async def test_a_call_that_was_sent_once_is_in_doubt_though_no_later_attempt_got_through() -> None:
    taken: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one call's head, then be gone for ever."""
        writer.write(GREETING)
        while b"mine" not in b"".join(taken):
            taken.append(await reader.read(4_096))
        listener.close()
        writer.close()

    listener = await asyncio.start_server(take, "127.0.0.1", 0)
    async with Client(f"127.0.0.1:{listener.sockets[0].getsockname()[1]}") as client:
        options = CallOptions(request_id="mine", timeout_s=1)
        with pytest.raises(OutcomeUnknownError) as caught:
            await client.invoke(("Counter", "a"), "add", options=options)
    assert "failed to connect" in caught.value.message, "the last attempt"


async def test_a_closed_client_says_so_at_once() -> None:
    async with Client("127.0.0.1:1") as client:
        pass
    alone = CallOptions(request_id="mine")
    async with asyncio.timeout(1):
        for calling in (
            client.invoke(("Counter", "a"), "add"),
            client.invoke(("Counter", "a"), "add", options=alone),
            client.get("Counter", "a"),
            anext(client.watch("Counter", "a")),
        ):
            with pytest.raises(RuntimeError, match="the client is closed"):
                await calling


@pytest.mark.parametrize(
    "address", ["localhost", "http://127.0.0.1:50051", ":1", "a:", "a:0", "a:70000", "[::1]", ""]
)
def test_an_address_that_is_none_is_refused_before_anything_is_called(address: str) -> None:
    with pytest.raises(InvalidArgumentError, match="is no host:port"):
        Client(address)


async def test_a_watch_goes_on_where_it_was_when_the_server_comes_back(
    server: Server, client: Client
) -> None:
    await client.invoke(("Counter", "a"), "add")
    watching = client.watch("Counter", "a")
    assert (await anext(watching)).sequence == 1
    coming = asyncio.ensure_future(anext(watching))
    server.kill()
    await asyncio.to_thread(server.start)
    await client.invoke(("Counter", "a"), "add", options=CallOptions(request_id="second"))
    seen = await asyncio.wait_for(coming, 10)
    assert (seen.sequence, seen.request_id) == (2, "second")
    await watching.aclose()


async def test_a_typed_handle_converts_arguments_and_replies(client: Client) -> None:
    counter = client.handle(Counter, "a")
    total: int = await counter.call(Counter.add, n=2)
    assert total == 2
    assert await counter.call(Counter.add, 3) == 5
    assert await counter.add() == 6
    assert await counter.call(Counter.total) == 6


async def test_a_handle_refuses_what_its_class_does_not_know(client: Client) -> None:
    counter = client.handle(Counter, "a")
    with pytest.raises(InvalidArgumentError, match="m"):
        await counter.add(m=1)
    with pytest.raises(AttributeError, match="Counter has no command or query subtract"):
        counter.subtract()


async def test_errors_are_the_servers_own_classes(client: Client) -> None:
    counter = client.handle(Counter, "a")
    with pytest.raises(InvalidArgumentError) as caught:
        await counter.add(n=0)
    assert [violation.field for violation in caught.value.violations] == ["n"]
    with pytest.raises(VersionConflictError):
        await counter.using(CallOptions(expected_version=5)).add()
    with pytest.raises(NotFoundError):
        await client.get("Counter", "nobody")


async def test_lists_and_events_come_over_all_pages(client: Client) -> None:
    for key in "abcde":
        await client.invoke(("Counter", key), "add", {"n": 2 if key == "b" else 1})
    keys = [found.object.key async for found in client.list("Counter", page_size=2)]
    chosen = [found.object.key async for found in client.list(where={"total": 2})]
    assert keys == list("abcde")
    assert chosen == ["b"]
    assert (await client.get("Counter", "b", version=1)).state == b'{"total":2}'


def test_retries_may_not_outlive_the_memory_of_their_id() -> None:
    with pytest.raises(InvalidArgumentError, match="expires_at_ms"):
        CallOptions(timeout_s=600)
    assert CallOptions(timeout_s=600, expires_at_ms=1).timeout_s == 600


def test_a_pause_is_never_shorter_than_the_server_asked_for_and_is_bounded() -> None:
    backoff = Backoff(first_s=0.02, max_s=2.0)
    error = ResourceExhaustedError("overloaded", retry_after_ms=500)
    pauses = [backoff.pause_s(attempt, error) for attempt in range(1, 2_000)]
    assert min(pauses) >= 0.5
    assert max(pauses) <= 2.5


def test_the_client_imports_no_server() -> None:
    code = (
        "import sys, aidevos_client\n"
        "heavy = ('sqlite3', 'uvicorn', 'starlette', 'aidevos_host', 'aidevos.storage', 'rich')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
