"""The client's HTTP/2 without input and output: what it writes, what it takes, how it ends."""

import random
from base64 import b64encode
from struct import Struct

import pytest
from aidevos_client.h2 import receiving
from aidevos_client.h2.core import Core
from aidevos_client.h2.endings import Ending
from aidevos_client.h2.receiving import WINDOW_BYTES
from h2_scripted import GREETING, Frame, Script, body, cut, data, head_of, message

from aidevos.doors.h2 import frames, settings
from aidevos.doors.h2.connection import Connection
from aidevos.doors.h2.faults import Code
from aidevos.doors.h2.inbox import packed, prefixed
from aidevos.doors.h2.limits import Limits
from aidevos.doors.h2.stream import Data, Opened

MIB = 1 << 20


def core(**more: str) -> Core:
    return Core("/a.B/C", list(more.items()), "here:1")


def begun(*parts: bytes) -> Core:
    """Return a core whose stream is open, after these."""
    made = core()
    made.take()
    script = Script()
    assert made.receive(GREETING + script.head() + b"".join(parts)) == []
    written(made)
    return made


def written(made: Core) -> list[Frame]:
    return cut(b"".join(iter(made.take, b"")))


def ended(made: Core) -> Ending:
    assert made.ending is not None
    return made.ending


@pytest.mark.parametrize("pieces", [(b"HTTP/1.1 400 Bad Request\r\n\r\n",), (b"HT", b"TP/1.0 404")])
def test_a_port_of_http_1_is_told_by_its_first_bytes(pieces: tuple[bytes, ...]) -> None:
    made = core()
    for piece in pieces:
        assert made.receive(piece) == []
    assert ended(made).message == "this port speaks HTTP/1; is it the gRPC address?"


def test_such_bytes_later_on_are_a_frame_that_is_too_large() -> None:
    made = begun()
    made.receive(b"HTTP/1.1 400 Bad Request")
    assert "a frame above 16384 bytes" in ended(made).message


# ---- what it writes ------------------------------------------------------------------------


def test_one_piece_greets_opens_the_stream_and_carries_what_was_written() -> None:
    made = core(authorization="Bearer secret")
    made.write(b"hello")
    first = made.take()
    assert first.startswith(frames.PREFACE)
    found = cut(first)
    kinds = [frames.SETTINGS, frames.WINDOW_UPDATE, frames.HEADERS, frames.DATA]
    assert [frame[0] for frame in found] == kinds
    assert body(found) == prefixed(b"hello")
    head = head_of(found)
    assert (head[":method"], head[":path"], head[":authority"]) == ("POST", "/a.B/C", "here:1")
    assert (head["te"], head["content-type"]) == ("trailers", "application/grpc")
    assert head["authorization"] == "Bearer secret"


def test_our_own_server_understands_it_and_it_understands_our_own_server() -> None:
    made, server = core(), Connection(Limits())
    made.write(b"ping" * 10_000)
    made.finish()
    opened, *parts = server.receive(made.take(), 1)
    assert isinstance(opened, Opened)
    assert opened.stream.head.grpc
    assert all(type(part) is Data for part in parts)
    assert b"".join(part.payload for part in parts) == prefixed(b"ping" * 10_000)
    assert parts[-1].ended
    server.send.answer(opened.stream, b"pong")
    assert made.receive(server.take()) == [b"pong"]
    assert ended(made) == Ending(0)


@pytest.mark.parametrize("narrow", ["stream", "connection"])
def test_what_the_servers_windows_do_not_take_waits_for_them(narrow: str) -> None:
    made = begun()
    wide, tight = (0, 1) if narrow == "stream" else (1, 0)
    made.receive(frames.window_update(wide, 4 * MIB))
    made.write(b"x" * MIB)
    assert not made.writable
    sent = len(body(written(made)))
    assert sent == settings.WINDOW_DEFAULT
    while sent < MIB + 5:
        assert not made.writable
        assert made.take() == b""
        made.receive(frames.window_update(tight, 100_000))
        now = len(body(written(made)))
        assert now == min(100_000, MIB + 5 - sent)
        sent += now
    assert made.writable


def test_a_window_that_shrinks_while_a_message_waits_is_kept_to() -> None:
    made = begun(frames.window_update(0, 4 * MIB))
    made.write(b"x" * 100_000)
    assert len(body(written(made))) == 65_535
    made.receive(frames.settings({settings.INITIAL_WINDOW: 1_000}))
    made.receive(frames.window_update(1, 64_000))
    assert body(written(made)) == b"", "the window is still below nothing"
    made.receive(frames.window_update(1, 1_000))
    assert len(body(written(made))) == 65_000 + 1_000 - 65_535


def test_the_end_of_our_side_comes_after_what_waits() -> None:
    made = begun()
    made.write(b"x" * 70_000)
    made.finish()
    assert not any(frame[1] & frames.END_STREAM for frame in written(made))
    made.receive(frames.window_update(0, MIB) + frames.window_update(1, MIB))
    found = written(made)
    assert len(body(found)) == 70_005 - 65_535
    assert [bool(frame[1] & frames.END_STREAM) for frame in found][-2:] == [False, True]


def test_settings_are_acknowledged_and_pings_answered_but_no_answers() -> None:
    made = core()
    made.take()
    ping = frames.frame(frames.PING, 0, 0, b"12345678")
    pong = frames.frame(frames.PING, frames.ACK, 0, b"87654321")
    made.receive(frames.settings({settings.STREAMS_MAX: 1}) + ping + pong)
    expected = [(frames.SETTINGS, 1, 0, b""), (frames.PING, 1, 0, b"12345678")]
    assert written(made) == expected


# ---- what it takes -------------------------------------------------------------------------


def session(large: bytes = bytes(range(256)) * 100) -> tuple[bytes, list[bytes]]:
    """Return a server's whole stream with much of what may come, and the messages in it."""
    script = Script()
    padded = frames.frame(frames.DATA, frames.PADDED, 1, b"\x03" + prefixed(b"pad") + b"\0\0\0")
    block = script.trailers("0", ("x", "y" * 40))[9:]
    parts = [
        GREETING,
        script.fields((":status", "103"), ("link", "x")),
        script.head(),
        message(b"one"),
        data(prefixed(b"two")[:3]),
        data(prefixed(b"two")[3:] + prefixed(b"") + prefixed(b"three")),
        frames.frame(frames.PING, 0, 0, b"12345678"),
        frames.frame(200, 0, 0, b"of a kind that nobody knows"),
        frames.frame(frames.PRIORITY, 0, 1, b"\0\0\0\0\0"),
        padded,
        message(large),
        frames.window_update(1, 7),
        frames.goaway(1, Code.NO_ERROR, "soon"),
        frames.frame(frames.HEADERS, frames.END_STREAM, 1, block[:5]),
        frames.frame(frames.CONTINUATION, 0, 1, block[5:9]),
        frames.frame(frames.CONTINUATION, frames.END_HEADERS, 1, block[9:]),
    ]
    return b"".join(parts), [b"one", b"two", b"", b"three", b"pad", large]


def test_a_stream_that_is_cut_at_any_byte_says_the_same() -> None:
    whole, expected = session()
    for at in [*range(600), *range(600, len(whole), 97)]:
        made = core()
        assert made.receive(whole[:at]) + made.receive(whole[at:]) == expected, at
        assert ended(made) == Ending(0)


def test_a_stream_that_comes_byte_by_byte_says_the_same() -> None:
    whole, expected = session()
    made = core()
    found = [one for at in range(len(whole)) for one in made.receive(whole[at : at + 1])]
    assert (found, made.ending) == (expected, Ending(0))


def test_a_part_of_a_message_that_looks_like_one_is_a_part() -> None:
    inner = prefixed(b"inner")
    made = begun(data(prefixed(inner + inner)[:5]))
    assert made.receive(data(inner)) == []
    assert made.receive(data(inner)) == [inner + inner]


def test_windows_are_given_back_as_fast_as_bytes_come() -> None:
    made, came = begun(), 0
    for _ in range(40):
        assert len(made.receive(message(b"x" * MIB))) == 1
        came += MIB + 5
        for kind, _, stream_id, payload in written(made):
            assert (kind, stream_id in (0, 1)) == (frames.WINDOW_UPDATE, True)
            came -= frames.WORD.unpack(payload)[0] / 2
    assert 0 <= came <= WINDOW_BYTES / 2 + MIB


def test_of_a_huge_message_nothing_is_held_but_what_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "MESSAGE_BYTES_MAX", MIB)
    made = begun()
    made.receive(data(b"\x00" + (MIB + 1).to_bytes(4, "big")))
    assert ended(made).code == 8
    assert "larger than max" in ended(made).message
    assert [frame[0] for frame in written(made)] == [frames.RST_STREAM]


# ---- how it ends ---------------------------------------------------------------------------


def test_a_status_in_trailers_is_taken_whole() -> None:
    script, details = Script(), b"\x08\x05\x12\x03abc"
    made = core()
    more = ("grpc-status-details-bin", b64encode(details).decode().rstrip("="))
    told = ("grpc-message", "n is%20wrong: 100%25 %C3%BC")
    got = made.receive(GREETING + script.head() + message(b"a") + script.trailers("5", told, more))
    assert got == [b"a"]
    assert ended(made) == Ending(5, "n is wrong: 100% ü", details)


def test_a_status_alone_is_an_ending_too() -> None:
    made = core()
    assert made.receive(GREETING + Script().only("16", ("grpc-message", "who"))) == []
    assert ended(made) == Ending(16, "who")


def test_nothing_is_read_after_the_end() -> None:
    made = core()
    script = Script()
    end = GREETING + script.head() + script.trailers("0")
    assert made.receive(end + message(b"late")) == []
    assert made.receive(message(b"later") + b"garbage") == []
    assert ended(made) == Ending(0)


HTTP = {"400": 13, "401": 16, "403": 7, "404": 12, "429": 14, "503": 14, "500": 2, "302": 2}


@pytest.mark.parametrize(("status", "code"), HTTP.items())
@pytest.mark.parametrize("end", [True, False])
def test_an_http_error_is_the_status_of_grpcs_table(status: str, code: int, end: bool) -> None:
    made = core()
    made.receive(GREETING + Script().fields((":status", status), end=end))
    assert ended(made).code == code
    assert status in ended(made).message


@pytest.mark.parametrize(
    "fields",
    [
        [(":status", "200"), ("content-type", "text/html")],
        [(":status", "200")],
        [],
    ],
)
def test_what_is_no_grpc_is_told_so(fields: list[tuple[str, str]]) -> None:
    made = core()
    made.receive(GREETING + Script().fields(*fields))
    assert ended(made).code == 2
    assert "no gRPC answer" in ended(made).message


@pytest.mark.parametrize("status", ["", "x", "-1", "1" * 400, "²"])
def test_a_status_that_is_no_number_is_unknown(status: str) -> None:
    made = core()
    made.receive(GREETING + Script().only(status))
    assert ended(made).code == 2


def test_details_that_are_no_base64_do_not_hide_the_status() -> None:
    made = core()
    made.receive(GREETING + Script().only("5", ("grpc-status-details-bin", "%%%")))
    assert ended(made) == Ending(5)


def test_a_stream_that_ends_without_trailers_or_inside_a_message_did_not_end_well() -> None:
    made = begun()
    made.receive(data(prefixed(b"x"), frames.END_STREAM))
    assert ended(made).code == 2
    script = Script()
    made = core()
    made.receive(GREETING + script.head() + data(prefixed(b"half")[:6]) + script.trailers("0"))
    assert ended(made).code == 13


@pytest.mark.parametrize(
    ("reset", "code"),
    [(Code.REFUSED_STREAM, 14), (Code.CANCEL, 1), (Code.ENHANCE_YOUR_CALM, 8), (2, 13), (77, 13)],
)
def test_a_reset_is_the_status_of_grpcs_table(reset: int, code: int) -> None:
    made = begun()
    made.receive(frames.reset(1, reset))
    assert ended(made).code == code


def test_a_server_that_goes_finishes_the_stream_that_it_took_and_no_other() -> None:
    made = begun()
    assert made.receive(frames.goaway(1, 0, "maintenance") + message(b"a")) == [b"a"]
    made.lost("the end")
    assert ended(made).code == 14
    assert "maintenance" in ended(made).message
    made = begun()
    made.receive(frames.goaway(0, 0, "full"))
    assert ended(made).code == 14
    assert "full" in ended(made).message


def frame(kind: int, payload: bytes = b"", flags: int = 0, stream_id: int = 1) -> bytes:
    return frames.frame(kind, flags, stream_id, payload)


BROKEN = {
    "a frame that is too large": b"\x00\x40\x01" + bytes(20_000),
    "data of another stream": frame(frames.DATA, b"x", stream_id=3),
    "a head of another stream": frame(frames.HEADERS, b"\x88", frames.END_HEADERS, 2),
    "trailers that end nothing": Script().fields(("grpc-status", "0")),
    "a block that is no HPACK": frame(frames.HEADERS, b"\xff\xff\xff", frames.END_HEADERS),
    "a block that is not finished": frame(frames.HEADERS, b"\x88") + message(b"x"),
    "a continuation of nothing": frame(frames.CONTINUATION, b"\x88", frames.END_HEADERS),
    "a push": frame(frames.PUSH_PROMISE, bytes(4)),
    "a ping of seven bytes": frame(frames.PING, bytes(7), 0, 0),
    "settings of seven bytes": frame(frames.SETTINGS, bytes(7), 0, 0),
    "an answer to settings with more": frame(frames.SETTINGS, bytes(6), frames.ACK, 0),
    "a window above all": frames.settings({settings.INITIAL_WINDOW: 1 << 31}),
    "an update of nothing": frames.window_update(0, 0),
    "an update of another stream": frames.window_update(5, 1),
    "an update beyond the end": frames.window_update(1, frames.WINDOW_MAX),
    "the same of the connection": frames.window_update(0, frames.WINDOW_MAX),
    "a reset of another stream": frames.reset(3, 0),
    "a reset of three bytes": frame(frames.RST_STREAM, bytes(3)),
    "a short goaway": frame(frames.GOAWAY, bytes(7), 0, 0),
    "more padding than frame": frame(frames.DATA, b"\x09x", frames.PADDED),
    "a header bomb": b"".join(
        [frame(frames.HEADERS, bytes(16_000)), *[frame(frames.CONTINUATION, bytes(16_000))] * 5]
    ),
    "continuations without end": b"".join(
        [frame(frames.HEADERS, b"\x88"), *[frame(frames.CONTINUATION)] * 40]
    ),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_server_that_breaks_the_rules_is_left(broken: bytes) -> None:
    made = begun(broken)
    assert ended(made).code == 14
    assert "does not keep to HTTP/2" in ended(made).message


def test_a_server_that_is_left_is_told_why() -> None:
    made = begun()
    made.receive(frames.window_update(0, 0))
    ((kind, _, _, payload),) = written(made)
    assert (kind, payload[8:]) == (frames.GOAWAY, b"a window update of nothing")


def test_more_than_the_window_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "WINDOW_BYTES", 10)
    made = begun()
    made.receive(data(bytes(11)))
    assert ended(made).message.endswith("more than the window")


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x15\x03\x01\x00\x02\x02\x46", bytes(99)],
    ids=["HTTP/1.1", "TLS", "zeroes"],
)
def test_what_speaks_something_else_is_told_from_grpc(answer: bytes) -> None:
    made = core()
    made.receive(answer)
    made.lost("closed")
    assert ended(made).code == 14


def test_a_packed_message_that_nobody_asked_for_ends_it() -> None:
    made = begun()
    made.receive(data(packed(b"x" * 2_000)))
    assert ended(made).code == 13


_SIZE = Struct(">I")


def mutated(rnd: random.Random, whole: bytes) -> bytes:
    """Return a stream with some bytes changed, dropped, doubled."""
    raw = bytearray(whole)
    for _ in range(rnd.randrange(1, 6)):
        at = rnd.randrange(len(raw))
        match rnd.randrange(4):
            case 0:
                raw[at] = rnd.randrange(256)
            case 1:
                del raw[at : at + rnd.randrange(1, 30)]
            case 2:
                raw[at:at] = raw[at : at + rnd.randrange(1, 60)]
            case _:
                raw[at : at + 4] = _SIZE.pack(rnd.choice((0, 1, 0xFF, 1 << 31, (1 << 32) - 1)))
    return bytes(raw)


def test_whatever_a_server_sends_nothing_escapes_and_what_is_written_are_frames() -> None:
    whole = session(b"large")[0]
    for seed in range(3_000):
        rnd = random.Random(seed)
        made, raw = core(), mutated(rnd, whole)
        made.write(b"x" * rnd.choice((0, 10, 100_000)))
        at = 0
        while at < len(raw):
            size = rnd.choice((1, 9, 50, 400))
            made.receive(raw[at : at + size])
            at += size
        made.lost("closed")
        assert made.ending is not None
        for kind, _, stream_id, payload in written(made):
            assert kind <= frames.WINDOW_UPDATE, seed
            assert stream_id in (0, 1), seed
            assert len(payload) <= frames.FRAME_BYTES_MAX, seed
