"""The shell of one connection, on a transport of bytes: what it does about time and slow peers."""

from collections.abc import Iterator

import pytest
from h2_fuzz import Fuzz, Pipe
from h2_sessions import block

from aidevos.doors.h2 import frames
from aidevos.doors.h2.protocol import ANSWER_S, HELLO_S, SILENT_S, STALLED_S, GrpcProtocol


class Shell:
    """A connection with the fuzzer's handlers, and the bytes that it wrote."""

    def __init__(self, fuzz: Fuzz) -> None:
        self.fuzz, self.pipe = fuzz, Pipe()
        self.line = GrpcProtocol(fuzz.common, fuzz)
        self.line.connection_made(self.pipe)
        self.made_s = fuzz.loop.time()

    def give(self, data: bytes) -> None:
        self.fuzz._turn(self.line.data_received, data)

    def greet(self) -> "Shell":
        self.give(frames.PREFACE + frames.settings({}))
        return self

    def call(self, path: str, stream_id: int = 1) -> None:
        fields = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", f"/fuzz.Fuzz/{path}"),
            ("content-type", "application/grpc"),
        ]
        head = frames.frame(frames.HEADERS, frames.END_HEADERS, stream_id, block(fields, 0))
        self.give(head + frames.frame(frames.DATA, frames.END_STREAM, stream_id, bytes(5)))

    def written(self) -> list[int]:
        """Return the kinds of frames that were written since the last time."""
        data, found, at = b"".join(self.pipe.written), [], 0
        self.pipe.written.clear()
        while at < len(data):
            high, low, kind, _, _ = frames.HEAD.unpack_from(data, at)
            found.append(kind)
            at += 9 + (high << 16 | low)
        return found

    def closed_after(self, seconds: float) -> bool:
        """Look at the connection so many seconds after it was made."""
        self.line.check(self.made_s + seconds)
        return self.pipe.closed


@pytest.fixture
def shell() -> Iterator[Shell]:
    fuzz = Fuzz()
    made = Shell(fuzz)
    yield made
    fuzz._turn(made.line.connection_lost, None)
    fuzz._check_nothing_is_left()
    fuzz.close()


def test_a_peer_that_says_nothing_is_let_go(shell: Shell) -> None:
    shell.give(frames.PREFACE[:10])
    assert not shell.closed_after(HELLO_S - 1)
    assert shell.closed_after(HELLO_S + 1)


def test_a_peer_that_never_finishes_a_frame_is_let_go(shell: Shell) -> None:
    shell.greet().give(frames.frame(frames.PING, 0, 0, bytes(8))[:10])
    for _ in range(3):
        shell.give(b"\0")  # A byte now and then is no frame.
    assert not shell.closed_after(STALLED_S - 1)
    assert shell.closed_after(STALLED_S + 1)


def test_a_peer_that_reads_nothing_is_let_go_and_is_not_read(shell: Shell) -> None:
    shell.greet().line.pause_writing()
    shell.written()
    shell.call("Echo")
    assert shell.written() == []
    assert not shell.closed_after(STALLED_S - 1)
    assert shell.closed_after(STALLED_S + 1)


def test_a_peer_that_reads_again_gets_what_was_kept(shell: Shell) -> None:
    shell.greet().line.pause_writing()
    shell.written()
    shell.call("Echo")
    shell.fuzz._turn(shell.line.resume_writing)
    shell.fuzz._turn()
    assert shell.written() == [frames.HEADERS, frames.DATA, frames.HEADERS]
    assert not shell.closed_after(STALLED_S + 1)


def test_a_handler_that_streams_waits_for_the_transport(shell: Shell) -> None:
    shell.greet().line.pause_writing()
    shell.written()
    shell.call("Range")
    assert shell.line.core.streams
    shell.fuzz._turn(shell.line.resume_writing)
    for _ in range(200):
        shell.fuzz._turn()
    assert shell.written().count(frames.DATA) >= 64


def test_a_silent_peer_with_calls_is_asked_and_let_go_unless_it_answers(shell: Shell) -> None:
    shell.greet().call("Hold")
    shell.written()
    assert not shell.closed_after(SILENT_S + 1)
    assert shell.written() == [frames.PING]
    assert not shell.closed_after(SILENT_S + ANSWER_S)
    assert shell.closed_after(SILENT_S + ANSWER_S + 2)


def test_a_silent_peer_that_answers_stays(shell: Shell) -> None:
    shell.greet().call("Hold")
    assert not shell.closed_after(SILENT_S + 1)
    shell.give(frames.frame(frames.PING, frames.ACK, 0, b"aidevos?"))
    assert not shell.closed_after(SILENT_S + ANSWER_S + 2)


def test_an_idle_peer_without_calls_is_left_in_peace(shell: Shell) -> None:
    shell.greet()
    assert not shell.closed_after(100 * SILENT_S)


def test_answers_of_many_calls_leave_in_one_write(shell: Shell) -> None:
    shell.greet()
    shell.pipe.written.clear()
    calls = Shell(shell.fuzz)
    data = []
    calls.give = data.append  # type: ignore[method-assign]
    for stream_id in range(1, 121, 2):
        calls.call("Later", stream_id)
    shell.give(b"".join(data))
    before = len(shell.pipe.written)
    for _ in range(10):
        shell.fuzz._turn()
    assert len(shell.pipe.written) - before == 1
    assert shell.written().count(frames.DATA) == 60


def test_a_call_that_is_reset_in_the_turn_that_began_it_is_over(shell: Shell) -> None:
    shell.greet().call("Hold")
    shell.give(frames.reset(1, 8))
    shell.fuzz._turn()
    assert shell.fuzz.common.calls == 0


def test_a_drain_waits_for_an_idle_peers_answer_but_not_for_long(shell: Shell) -> None:
    shell.greet()
    shell.fuzz._turn(shell.line.drain)
    assert shell.written()[-2:] == [frames.GOAWAY, frames.PING]
    assert not shell.closed_after(0.9)
    shell.closed_after(1.1)
    shell.fuzz._turn()
    assert shell.written() == [frames.GOAWAY]
    assert shell.pipe.closed
