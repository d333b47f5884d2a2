"""Floods: each ends the connection, or costs its sender more than it costs us."""

import zlib

import pytest
from h2_peer import HEAD, Peer, last_word
from hpack import Encoder

from aidevos.doors.h2 import frames, settings
from aidevos.doors.h2.faults import CallFault, Code
from aidevos.doors.h2.inbox import Inbox, prefixed
from aidevos.doors.h2.limits import Budget, Limits, Share
from aidevos.doors.h2.stream import Opened

CANCEL = frames.WORD.pack(Code.CANCEL)
FLOODS = {
    "settings": frames.settings({settings.INITIAL_WINDOW: 1}) + frames.settings({}),
    "settings with many values": frames.settings(dict.fromkeys(range(100, 2_800), 1)),
    "settings acknowledged": frames.frame(frames.SETTINGS, frames.ACK, 0) + frames.settings({}),
    "pings": frames.frame(frames.PING, 0, 0, bytes(8)),
    "answers to no ping": frames.frame(frames.PING, frames.ACK, 0, bytes(8)),
    "empty data": frames.frame(frames.DATA, 0, 1),
    "window updates of a byte": frames.window_update(0, 1),
    "window updates of a stream": frames.window_update(1, 1),
    "priorities": frames.frame(frames.PRIORITY, 0, 1, bytes(5)),
    "frames of no kind": frames.frame(99, 0, 0, bytes(8)),
    "goaway": frames.goaway(0, 0),
    "resets": frames.reset(3, Code.CANCEL),
}


@pytest.mark.parametrize("what", sorted(FLOODS))
def test_frames_that_bring_nobody_anything_end_the_connection(what: str) -> None:
    peer, count = Peer(), 0
    peer.opened(1)
    peer.opened(3)
    while peer.core.fault is None:
        peer.give(FLOODS[what])
        count += 1
        assert count <= 10_000
    assert last_word(peer.sent(), frames.GOAWAY) == Code.ENHANCE_YOUR_CALM


@pytest.mark.parametrize("what", sorted(set(FLOODS) - {"pings", "settings with many values"}))
def test_the_same_frames_now_and_then_are_welcome(what: str) -> None:
    peer = Peer()
    peer.opened(1)
    peer.opened(3)
    for _ in range(1_000):
        peer.now_ms += 1_000
        peer.give(FLOODS[what])
        peer.sent()
    assert peer.core.fault is None


def test_pings_of_a_patient_client_are_welcome() -> None:
    peer = Peer()
    for _ in range(1_000):
        peer.now_ms += 5_000
        peer.give(FLOODS["pings"])
    assert peer.core.fault is None


def test_pings_are_forgiven_while_answers_go_out() -> None:
    peer = Peer()
    for stream_id in range(1, 1_001, 2):
        opened, _ = peer.give(peer.call_bytes(stream_id))
        peer.core.send.answer(opened.stream, b"")
        peer.give(FLOODS["pings"])
    assert peer.core.fault is None


def test_rapid_resets_end_the_connection_and_open_few_streams() -> None:
    peer, stream_id = Peer(), 1
    while peer.core.fault is None:
        peer.give(peer.call_bytes(stream_id) + frames.reset(stream_id, Code.CANCEL))
        stream_id += 2
        assert stream_id < 3_000
    assert peer.core.streams == {}


def test_work_that_goes_on_after_a_reset_counts_as_open() -> None:
    peer = Peer(Limits(streams_max=3))
    peer.core.receiver.running = 3  # What the shell says while handlers still run.
    assert peer.head(1) == []
    assert last_word(peer.sent(), frames.RST_STREAM) == Code.REFUSED_STREAM
    peer.core.receiver.running = 0
    assert isinstance(peer.head(3)[0], Opened)


def test_streams_that_we_have_to_reset_end_the_connection() -> None:
    peer, stream_id = Peer(), 1
    while peer.core.fault is None:
        peer.head(stream_id)
        peer.give(frames.window_update(stream_id, 0))
        stream_id += 2
        assert stream_id < 3_000
    assert peer.core.streams == {}


def test_a_block_of_endless_continuations_ends_the_connection() -> None:
    peer = Peer()
    peer.frame(frames.HEADERS, 0, 1, b"\x82")
    for _ in range(Limits().continuations_max):
        peer.frame(frames.CONTINUATION, 0, 1)
    assert last_word(peer.sent(), frames.GOAWAY) == Code.ENHANCE_YOUR_CALM


def test_a_block_that_grows_too_large_ends_the_connection() -> None:
    peer = Peer()
    peer.frame(frames.HEADERS, 0, 1, bytes(16_000))
    for _ in range(4):
        peer.frame(frames.CONTINUATION, 0, 1, bytes(16_000))
    assert last_word(peer.sent(), frames.GOAWAY) == Code.ENHANCE_YOUR_CALM


def test_a_header_bomb_ends_the_connection_before_it_unfolds() -> None:
    peer = Peer()
    bomb = Encoder().encode([*HEAD, ("x", "y" * 3_000)]) + b"\xbe" * 10_000
    peer.frame(frames.HEADERS, frames.END_HEADERS, 1, bomb)
    assert last_word(peer.sent(), frames.GOAWAY) == Code.ENHANCE_YOUR_CALM


def test_more_metadata_than_allowed_is_the_calls_own_fault() -> None:
    peer = Peer()
    stream = peer.opened(1, x_large="a" * 20_000)
    assert stream.head.refusal is not None
    assert stream.head.metadata == ()
    assert peer.opened(3).head.refusal is None


def test_answers_that_nobody_reads_let_no_more_calls_in() -> None:
    peer = Peer(Limits(unsent_bytes_max=100_000))
    peer.give(frames.settings({settings.INITIAL_WINDOW: 0}))
    accepted = 0
    for stream_id in range(1, 201, 2):
        found = peer.give(peer.call_bytes(stream_id))
        if found:
            accepted += 1
            peer.core.send.answer(found[0].stream, bytes(10_000))
    assert accepted == 10
    assert peer.core.send.unsent <= 110_000


def test_many_small_settings_of_windows_cost_little_with_many_streams() -> None:
    peer = Peer()
    for stream_id in range(1, 2_001, 2):
        peer.head(stream_id)
    values = {settings.INITIAL_WINDOW: 1}
    count = 0
    while peer.core.fault is None:
        values[settings.INITIAL_WINDOW] ^= 3
        peer.give(frames.settings(values))
        count += 1
    assert count < 100


# ---- messages ----------------------------------------------------------------------------------


def test_half_sent_messages_of_all_calls_share_a_budget() -> None:
    budget = Budget(1_000_000)
    boxes = [Inbox("identity", 1 << 20, Share(budget)) for _ in range(10)]
    half = b"\x00\x00\x0f\x00\x00" + bytes(100_000)
    for box in boxes[:9]:
        box.feed(half, ended=False)
    with pytest.raises(CallFault, match="too many half-sent"):
        boxes[9].feed(half, ended=False)
    for box in boxes:
        box.clear()
    assert budget.take(1_000_000)


def test_empty_messages_are_no_free_memory() -> None:
    box = Inbox("identity", 1 << 20, Share(Budget(10_000)))
    with pytest.raises(CallFault, match="too many"):
        box.feed(prefixed(b"") * 1_000, ended=False)
    assert len(box.messages) < 160


def test_a_message_that_unpacks_to_too_much_is_cut_off() -> None:
    packer = zlib.compressobj(level=9, wbits=31)
    bomb = packer.compress(bytes(100 << 20)) + packer.flush()
    box = Inbox("gzip", 1 << 20, Share(Budget()))
    with pytest.raises(CallFault, match="larger than max"):
        box.feed(b"\x01" + len(bomb).to_bytes(4, "big") + bomb, ended=True)
