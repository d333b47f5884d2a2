"""One HTTP/2 connection as a machine: bytes and the time in, events and bytes out.

    machine = Connection(Limits())
    events = machine.receive(data, now_ms)
    machine.send.answer(stream, message)
    transport.write(machine.take())

A fault of the peer never raises: `fault` says what it was, GOAWAY is among the bytes, and nothing
more is read.
"""

from aidevos.doors.h2 import frames, settings
from aidevos.doors.h2.faults import Code, ConnectionFault
from aidevos.doors.h2.limits import Budget, Debt, Limits, Share
from aidevos.doors.h2.receiving import Receiver
from aidevos.doors.h2.sending import Sender
from aidevos.doors.h2.stream import Closed, Event, Stream


class Connection:
    """The server's side of one connection."""

    def __init__(self, limits: Limits, budget: Budget | None = None) -> None:
        """Begin with our settings among the bytes to write; all connections share `budget`."""
        self.share = Share(budget or Budget())
        self.fault: ConnectionFault | None = None
        self.streams: dict[int, Stream] = {}
        self.debt = Debt()
        self._events: list[Event] = []
        self.send = Sender(self.streams, self._events, self.debt, self.share)
        self.receiver = Receiver(limits, self.streams, self._events, self.send, self.debt)
        self.begun = False
        """The peer has shown that it speaks HTTP/2."""
        self.partial_since_ms = 0
        """Since when a frame waits for its end; 0: none does."""
        self._rest = b""
        self._preface = len(frames.PREFACE)
        self.send.out.append(settings.ours(limits))

    def receive(self, data: bytes, now_ms: int) -> list[Event]:
        """Take bytes that arrived; return what they mean, in order."""
        self.debt.now_ms = now_ms
        if self.fault is None:
            try:
                self._frames(self._rest + data if self._rest else data)
            except ConnectionFault as fault:
                self._fail(fault)
        return self.events()

    def events(self) -> list[Event]:
        """Return what came about since the last time: `take` may have made streams `Sent`."""
        events = self._events[:]
        self._events.clear()
        return events

    def take(self) -> bytes:
        """Return the bytes to write now; call again until it returns none."""
        return self.send.take()

    def drain(self, *, final: bool) -> None:
        """Warn the peer that we go, or (`final`) serve no stream that it opens from now on."""
        if final:
            self.receiver.last_served_id = self.receiver.last_id
            self.send.out.append(frames.goaway(self.receiver.last_id, Code.NO_ERROR))
        else:
            self.send.out.append(frames.goaway(frames.STREAM_ID_MAX, Code.NO_ERROR))
            self.receiver.pings.ask(drain=True)

    def _frames(self, data: bytes) -> None:
        at = 0 if self.begun else self._begin(data)
        begun, size = at, len(data)
        take, head = self.receiver.frame, frames.HEAD.unpack_from
        while size - at >= frames.HEADER_BYTES:
            high, low, kind, flags, stream_id = head(data, at)
            if high or low > frames.FRAME_BYTES_MAX:
                raise ConnectionFault(Code.FRAME_SIZE_ERROR, "a frame above 16384 bytes")
            end = at + frames.HEADER_BYTES + low
            if end > size:
                break
            payload = data[at + frames.HEADER_BYTES : end]
            at = end
            take(kind, flags, stream_id & frames.STREAM_ID_MAX, payload)
        self._rest = data[at:]
        if at != begun or not self._rest or not self.partial_since_ms:
            self.partial_since_ms = self.debt.now_ms if self._rest else 0

    def _begin(self, data: bytes) -> int:
        """Return where frames begin in `data`: behind what is left of the preface."""
        have = data[: self._preface]
        if not frames.PREFACE[-self._preface :].startswith(have):
            raise ConnectionFault(Code.PROTOCOL_ERROR, "this port speaks gRPC over HTTP/2")
        self._preface -= len(have)
        self.begun = self._preface == 0
        return len(have)

    def _fail(self, fault: ConnectionFault) -> None:
        self.fault = fault
        self._rest = b""
        self.send.out.append(frames.goaway(self.receiver.last_id, fault.code, fault.why))
        for stream in list(self.streams.values()):
            self.send.forget(stream)
            self._events.append(Closed(stream))
