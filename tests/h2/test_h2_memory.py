"""Memory of a whole server under attack: real sockets, a process of its own, its peak measured."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from socket import create_connection, socket

import pytest
from h2_sessions import block

from aidevos.doors.h2 import frames, settings
from aidevos.doors.h2.inbox import prefixed

WIDE = frames.PREFACE + frames.settings({settings.INITIAL_WINDOW: frames.WINDOW_MAX})
WIDE += frames.window_update(0, 1 << 30)
NARROW = frames.PREFACE + frames.settings({settings.INITIAL_WINDOW: 0})


class Victim:
    """A server, and connections to it that need not behave."""

    def __init__(self, process: "subprocess.Popen[str]", stack: ExitStack) -> None:
        self._process = process
        self._stack = stack
        self._port = int(self._read())
        self.before = self.peak_mb()

    def peak_mb(self) -> int:
        """Return the most memory that it had; answered only if its loop turns."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._read())

    def attack(self, data: bytes) -> socket:
        """Connect and send as much of `data` as is taken; read nothing."""
        connection = self._stack.enter_context(create_connection(("127.0.0.1", self._port)))
        connection.settimeout(0.2)
        with suppress(TimeoutError, ConnectionError):  # It stops reading, or hangs up.
            connection.sendall(data)
        return connection

    def serves(self) -> bool:
        """Whether a client that behaves gets its answer."""
        with create_connection(("127.0.0.1", self._port)) as connection:
            connection.settimeout(10)
            connection.sendall(WIDE + calls(1))
            got = 0
            while got < 1 << 20:
                got += len(connection.recv(1 << 16))
        return True

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@pytest.fixture
def victim() -> Iterator[Victim]:
    command = [sys.executable, str(Path(__file__).parent / "h2_victim.py")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        with ExitStack() as stack:
            yield Victim(process, stack)
        assert process.stdin is not None
        process.stdin.close()


def head(stream_id: int) -> bytes:
    fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/fuzz.Fuzz/Large"),
        ("content-type", "application/grpc"),
    ]
    return frames.frame(frames.HEADERS, frames.END_HEADERS, stream_id, block(fields, 0))


def calls(number: int) -> bytes:
    body = prefixed(b"x")
    return b"".join(
        head(stream_id) + frames.frame(frames.DATA, frames.END_STREAM, stream_id, body)
        for stream_id in range(1, 2 * number, 2)
    )


def heads(number: int) -> bytes:
    return b"".join(map(head, range(1, 2 * number, 2)))


def resets(number: int) -> bytes:
    return b"".join(head(id) + frames.reset(id, 8) for id in range(1, 2 * number, 2))


def half_calls(number: int) -> bytes:
    """Return calls of which each has sent a quarter of its megabyte."""
    part = frames.frame(frames.DATA, 0, 1, bytes(16_000))[frames.HEADER_BYTES :]
    begun = b"\x00" + (1 << 20).to_bytes(4, "big") + part[5:]
    made = []
    for stream_id in range(1, 2 * number, 2):
        made.append(head(stream_id) + frames.frame(frames.DATA, 0, stream_id, begun))
        made += [frames.frame(frames.DATA, 0, stream_id, part)] * 15
    return b"".join(made)


@pytest.mark.parametrize(
    ("what", "data", "number", "mb_max"),
    [
        ("answers that are not read", WIDE + calls(200), 40, 350),
        ("answers without a window", NARROW + calls(200), 40, 350),
        ("half-sent requests", WIDE + half_calls(30), 60, 350),
        ("rapid resets", WIDE + resets(10_000), 40, 50),
        ("connections that say nothing", b"", 500, 50),
        ("heads and no bodies", WIDE + heads(4_000), 20, 150),
    ],
)
def test_memory_stays_bounded_and_others_are_served(
    victim: Victim, what: str, data: bytes, number: int, mb_max: int
) -> None:
    for _ in range(number):
        victim.attack(data)
    assert victim.peak_mb() - victim.before < mb_max, what
    assert victim.serves()
