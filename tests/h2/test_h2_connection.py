"""The core of our HTTP/2: calls in, answers out, windows, faults of streams and connections."""

import pytest
from h2_peer import HEAD, Peer, kinds, last_word
from hpack import Encoder

from aidevos.doors.h2 import frames, settings
from aidevos.doors.h2.faults import Code
from aidevos.doors.h2.inbox import prefixed
from aidevos.doors.h2.limits import Limits
from aidevos.doors.h2.stream import Closed, Data, Opened, Sent


def test_a_call_is_a_head_and_a_body() -> None:
    peer = Peer()
    opened, data = peer.give(peer.call_bytes(1))
    assert isinstance(opened, Opened)
    assert (opened.stream.id, opened.stream.head.path) == (1, "/a.B/C")
    assert isinstance(data, Data)
    assert (data.payload, data.ended) == (prefixed(b"hello"), True)


def test_bytes_may_be_cut_anywhere() -> None:
    whole, cut = Peer(greet=False), Peer(greet=False)
    data = frames.PREFACE + frames.settings({}) + whole.call_bytes(1)
    whole.give(data)
    for at in range(len(data)):
        cut.give(data[at : at + 1])
    assert [type(event) for event in cut.events] == [Opened, Data]
    assert cut.events[1].payload == whole.events[1].payload
    assert cut.sent() == whole.sent()


def test_answers_are_the_same_before_and_after_the_peer_knows_our_fields() -> None:
    peer = Peer()
    for stream_id in (1, 3, 5):
        opened, _ = peer.give(peer.call_bytes(stream_id))
        peer.core.send.answer(opened.stream, b"yes")
        head, body, trailers = peer.sent()
        assert peer.fields(head) == {":status": "200", "content-type": "application/grpc"}
        assert body == (frames.DATA, 0, stream_id, prefixed(b"yes"))
        assert peer.fields(trailers) == {"grpc-status": "0"}
        assert trailers[1] == frames.END_STREAM | frames.END_HEADERS
    assert (len(head[3]), len(trailers[3])) == (2, 1)


def test_a_peer_that_keeps_no_table_gets_answers_without_one() -> None:
    peer = Peer()
    peer.give(frames.settings({settings.TABLE_SIZE: 0}))
    peer.decoder.max_allowed_table_size = 0
    peer.sent()
    for stream_id in (1, 3):
        opened, _ = peer.give(peer.call_bytes(stream_id))
        peer.core.send.answer(opened.stream, b"yes")
        head, _, trailers = peer.sent()
        assert peer.fields(head)["content-type"] == "application/grpc"
        assert peer.fields(trailers) == {"grpc-status": "0"}


def test_repeated_heads_are_decoded_once_and_a_changed_table_forgets_them() -> None:
    peer, known = Peer(), []
    for stream_id in (1, 3, 5, 7):
        peer.opened(stream_id)
        known.append(len(peer.core.receiver._blocks.known))
    assert known == [0, 1, 1, 1]
    assert peer.opened(9, x_trace="1").head.metadata == (("x-trace", "1"),)
    assert peer.core.receiver._blocks.known == {}
    assert peer.opened(11).head.metadata == ()


def test_a_block_that_changes_the_table_is_never_remembered() -> None:
    peer = Peer()
    block = b"\x82\x86\x84\x40\x01a\x01b"  # Adds `a: b` each time that it comes.
    for stream_id in (1, 3):
        peer.frame(frames.HEADERS, frames.END_HEADERS, stream_id, block)
    peer.frame(frames.HEADERS, frames.END_HEADERS, 5, b"\x82\x86\x84\xbe\xbf")
    assert peer.events[-1].stream.head.metadata == (("a", "b"), ("a", "b"))


@pytest.mark.parametrize("room", [0, 1, 7])
def test_an_answer_waits_for_the_window_and_then_comes_in_order(room: int) -> None:
    peer = Peer()
    peer.give(frames.settings({settings.INITIAL_WINDOW: room}))
    peer.sent()
    opened, _ = peer.give(peer.call_bytes(1))
    peer.core.send.answer(opened.stream, b"0123456789")
    before = peer.sent()
    peer.give(frames.window_update(1, 100))
    after = peer.sent()
    body = b"".join(payload for kind, _, _, payload in before + after if kind == frames.DATA)
    assert body == prefixed(b"0123456789")
    assert sum(len(frame[3]) for frame in before if frame[0] == frames.DATA) == room
    assert after[-1][1] & frames.END_STREAM
    assert peer.core.streams == {}
    assert peer.core.send.unsent == 0


def test_streams_that_wait_for_the_connections_window_take_turns() -> None:
    peer = Peer()
    peer.give(frames.settings({settings.INITIAL_WINDOW: 1 << 20}))
    streams = [peer.opened(stream_id) for stream_id in (1, 3)]
    peer.sent()
    for stream in streams:
        peer.core.send.data(stream, bytes(100_000))
    peer.sent()
    peer.give(frames.window_update(0, 4 * 16_384))
    turns = [frame[2] for frame in peer.sent() if frame[0] == frames.DATA]
    assert sorted(turns[:2]) == sorted(turns[2:4]) == [1, 3]


def test_whoever_waits_for_a_queue_is_told_when_it_is_empty() -> None:
    peer = Peer()
    stream = peer.opened()
    peer.core.send.data(stream, bytes(70_000))
    stream.watched = True
    peer.sent()
    assert peer.core.events() == []
    events = peer.give(frames.window_update(1, 70_000) + frames.window_update(0, 70_000))
    assert [type(event) for event in events] == [Sent]


def test_a_shrunk_window_may_be_negative_and_is_made_up_for() -> None:
    peer = Peer()
    stream = peer.opened()
    peer.core.send.data(stream, bytes(60_000))
    peer.give(frames.settings({settings.INITIAL_WINDOW: 10}))
    assert stream.send_window == 10 - 60_000
    peer.core.send.data(stream, b"x")
    peer.sent()
    peer.give(frames.window_update(1, 60_000 - 10))
    assert kinds(peer.sent()) == []
    peer.give(frames.window_update(1, 1))
    assert [frame[3] for frame in peer.sent()] == [b"x"]


def test_taken_bytes_are_given_back_to_the_windows() -> None:
    peer = Peer(Limits(stream_window_bytes=100_000, connection_window_bytes=100_000))
    stream = peer.opened()
    for _ in range(4):
        peer.frame(frames.DATA, 0, 1, bytes(16_000))
        peer.core.receiver.credit(stream, 16_000)
    updates = [(frame[2], frame[3]) for frame in peer.sent() if frame[0] == frames.WINDOW_UPDATE]
    word = frames.WORD.pack
    assert updates == [(1, word(32_000)), (0, word(64_000)), (1, word(32_000))]


def test_more_than_a_streams_window_ends_the_stream_alone() -> None:
    peer = Peer(Limits(stream_window_bytes=20_000))
    peer.opened()
    peer.opened(3)
    peer.frame(frames.DATA, 0, 1, bytes(16_000))
    (event,) = peer.frame(frames.DATA, 0, 1, bytes(16_000))
    assert isinstance(event, Closed)
    assert last_word(peer.sent(), frames.RST_STREAM) == Code.FLOW_CONTROL_ERROR
    assert list(peer.core.streams) == [3]


def test_more_than_the_connections_window_ends_the_connection() -> None:
    peer = Peer(Limits(connection_window_bytes=65_535))
    peer.core.receiver._refill = lambda: None  # A peer that did not wait for the update.
    peer.opened()
    for _ in range(5):
        peer.frame(frames.DATA, 0, 1, bytes(16_000))
    assert last_word(peer.sent(), frames.GOAWAY) == Code.FLOW_CONTROL_ERROR


def test_an_early_end_lets_a_client_go_on_for_a_moment_and_then_resets() -> None:
    peer = Peer()
    stream = peer.opened()
    peer.core.send.fields(stream, [(b"grpc-status", b"16")], end=True)
    assert kinds(peer.sent()) == [frames.HEADERS]
    assert peer.frame(frames.DATA, 0, 1, b"late") == []
    peer.now_ms += 1_000
    peer.frame(frames.WINDOW_UPDATE, 0, 0, frames.WORD.pack(1))
    peer.core.send.end_lingering()
    assert last_word(peer.sent(), frames.RST_STREAM) == Code.NO_ERROR
    assert peer.frame(frames.DATA, 0, 1, b"later") == []
    assert peer.core.fault is None


def test_a_refused_stream_keeps_the_tables_in_step() -> None:
    peer = Peer(Limits(streams_max=1))
    peer.opened(1)
    assert peer.head(3, x_trace="1") == []
    assert last_word(peer.sent(), frames.RST_STREAM) == Code.REFUSED_STREAM
    peer.frame(frames.RST_STREAM, 0, 1, frames.WORD.pack(Code.CANCEL))
    assert peer.opened(5, x_trace="1").head.metadata == (("x-trace", "1"),)


def test_a_drain_serves_what_comes_before_the_warning_was_read() -> None:
    peer = Peer()
    peer.opened(1)
    peer.core.drain(final=False)
    warning, ping = peer.sent()
    assert warning[3][:4] == frames.WORD.pack(frames.STREAM_ID_MAX)
    peer.opened(3)
    peer.frame(frames.PING, frames.ACK, 0, ping[3])
    assert peer.core.receiver.pings.warned
    peer.core.drain(final=True)
    assert peer.sent()[0][3][:4] == frames.WORD.pack(3)
    assert peer.head(5) == []
    assert sorted(peer.core.streams) == [1, 3]


@pytest.mark.parametrize(
    "field",
    [
        ("Upper", "x"),
        ("connection", "close"),
        ("te", "gzip"),
        (":status", "200"),
        ("x", "a\x00b"),
        ("x", " a"),
        ("content-length", "1, 2"),
    ],
)
def test_a_head_that_http_forbids_ends_its_stream_alone(field: tuple[str, str]) -> None:
    peer = Peer()
    block = Encoder().encode([*HEAD, field])
    assert peer.frame(frames.HEADERS, frames.END_HEADERS, 1, block) == []
    assert last_word(peer.sent(), frames.RST_STREAM) == Code.PROTOCOL_ERROR
    assert peer.core.fault is None


def test_a_fault_of_the_connection_closes_every_stream_and_says_why() -> None:
    peer = Peer()
    streams = [peer.opened(stream_id) for stream_id in (1, 3)]
    events = peer.frame(frames.DATA, 0, 0, b"x")
    assert [(type(event), event.stream) for event in events] == [(Closed, s) for s in streams]
    assert last_word(peer.sent(), frames.GOAWAY) == Code.PROTOCOL_ERROR
    assert peer.give(peer.call_bytes(5)) == []


def test_what_is_no_http2_is_told_so() -> None:
    peer = Peer(greet=False)
    peer.give(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
    assert peer.core.fault is not None
    assert b"gRPC" in peer.sent()[-1][3]


def test_usual_answers_stop_at_the_connections_window_and_go_on_in_order() -> None:
    peer, streams = Peer(), []
    peer.give(frames.settings({settings.INITIAL_WINDOW: 1 << 20}))
    for stream_id in range(1, 21, 2):
        opened, _ = peer.give(peer.call_bytes(stream_id))
        peer.core.send.answer(opened.stream, bytes(9_995))
        streams.append(opened.stream)
    sent = sum(len(frame[3]) for frame in peer.sent() if frame[0] == frames.DATA)
    assert sent == settings.WINDOW_DEFAULT
    peer.give(frames.window_update(0, 100_000))
    rest = sum(len(frame[3]) for frame in peer.sent() if frame[0] == frames.DATA)
    assert sent + rest == 10 * 10_000
    assert peer.core.streams == {}
