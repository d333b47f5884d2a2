"""Judges what our server writes to a fuzzed client, by rules that hold whatever the client sent."""

from collections import defaultdict

from hpack import Decoder

from aidevos.doors.h2 import frames, settings


class Witness:
    """One connection's output; `check` raises AssertionError for what no client may be sent."""

    def __init__(self, sent: bytes) -> None:
        """Read from the client's bytes how far it can have opened its windows at most."""
        self.decoder = Decoder(1 << 20)
        self.heads: dict[int, int] = {}
        self.over: set[int] = set()
        self.data: dict[int, int] = defaultdict(int)
        self.initial = settings.WINDOW_DEFAULT
        self.more: dict[int, int] = defaultdict(int)
        self._read(sent)

    def check(self, written: bytes) -> None:
        at, first = 0, True
        while at < len(written):
            high, low, kind, flags, stream_id = frames.HEAD.unpack_from(written, at)
            size = high << 16 | low
            payload = written[at + 9 : at + 9 + size]
            assert len(payload) == size <= frames.FRAME_BYTES_MAX, "a whole frame"
            assert kind == frames.SETTINGS or not first, "SETTINGS first"
            self._frame(kind, flags, stream_id, payload)
            at, first = at + 9 + size, False

    def _frame(self, kind: int, flags: int, stream_id: int, payload: bytes) -> None:
        if kind == frames.HEADERS:
            self._head(flags, stream_id, payload)
        elif kind == frames.DATA:
            assert stream_id in self.heads, "data after a head"
            assert stream_id not in self.over, "nothing after the end"
            self.data[stream_id] += len(payload)
            self.data[0] += len(payload)
            assert self.data[0] <= settings.WINDOW_DEFAULT + self.more[0]
            assert self.data[stream_id] <= self.initial + self.more[stream_id]
            if flags & frames.END_STREAM:
                self.over.add(stream_id)
        elif kind == frames.RST_STREAM:
            assert len(payload) == 4
            self.over.add(stream_id)
        else:
            assert kind in (frames.SETTINGS, frames.PING, frames.GOAWAY, frames.WINDOW_UPDATE)

    def _head(self, flags: int, stream_id: int, payload: bytes) -> None:
        assert flags & frames.END_HEADERS, "no answer of ours is that long here"
        assert stream_id % 2 == 1
        assert stream_id not in self.over, "nothing after the end"
        fields = dict(self.decoder.decode(payload))
        count = self.heads[stream_id] = self.heads.get(stream_id, 0) + 1
        if flags & frames.END_STREAM:
            assert "grpc-status" in fields or fields[":status"] == "415"
            self.over.add(stream_id)
        else:
            assert count == 1, "trailers end a stream"
            assert ":status" in fields

    def _read(self, sent: bytes) -> None:
        at = len(frames.PREFACE)
        while at + 9 <= len(sent):
            high, low, kind, _, stream_id = frames.HEAD.unpack_from(sent, at)
            payload = sent[at + 9 : at + 9 + (high << 16 | low)]
            at += 9 + (high << 16 | low)
            if kind == frames.WINDOW_UPDATE and len(payload) == 4:
                size = frames.WORD.unpack(payload)[0] & frames.WINDOW_MAX
                self.more[stream_id & frames.STREAM_ID_MAX] += size
            elif kind == frames.SETTINGS and len(payload) % 6 == 0:
                for setting, value in frames.setting_items(payload):
                    if setting == settings.INITIAL_WINDOW:
                        self.initial = max(self.initial, value)
