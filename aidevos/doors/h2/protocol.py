"""One connection on asyncio: bytes to the core, events to calls, one write per turn of the loop."""

import asyncio
from typing import Protocol, cast

from aidevos.doors.h2.call import Call
from aidevos.doors.h2.connection import Connection
from aidevos.doors.h2.faults import CallFault
from aidevos.doors.h2.line import Common
from aidevos.doors.h2.routes import REFUSED
from aidevos.doors.h2.status import UNIMPLEMENTED, Field
from aidevos.doors.h2.stream import Closed, Data, Event, Opened, Stream

HELLO_S = 10.0
"""A peer has to speak HTTP/2 within this."""
STALLED_S = 30.0
"""A frame has to be finished, and what we write has to be read, within this."""
SILENT_S = 60.0
"""A peer that is silent for so long, with calls under way, is asked whether it is there."""
ANSWER_S = 20.0
"""It has to answer within this."""
WARNING_S = 1.0
"""An idle peer has to have read that the server goes within this."""
_NOT_GRPC = b"This port speaks gRPC. Call it with a gRPC client, for example grpcurl.\n"
_REFUSAL: list[Field] = [
    (b":status", b"415"),
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"content-length", b"%d" % len(_NOT_GRPC)),
]


class Owner(Protocol):
    """Who keeps the connections."""

    def joined(self, line: "GrpcProtocol") -> bool:
        """A connection is there; return whether it may stay."""

    def left(self, line: "GrpcProtocol") -> None:
        """It is gone."""


class GrpcProtocol(asyncio.Protocol):
    """The shell of one connection; a `Line` for its calls."""

    def __init__(self, common: Common, owner: Owner) -> None:
        """Wait for `connection_made`."""
        self.common = common
        self.core = Connection(common.limits, common.budget)
        self.peer = ""
        self.paused = False
        self.draining = False
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._flushing = False
        self._fresh: list[Call] = []
        """Calls that began with the bytes that are looked at."""
        self._resumed: asyncio.Future[None] | None = None
        self._drained_s = self._made_s = self._heard_s = self._since_s = common.loop.time()

    # ---- the transport -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, unless there are too many, or TLS agreed on another protocol."""
        self._transport = writable = cast(asyncio.Transport, transport)  # uvloop's is no subclass.
        self.peer = _peer(writable)
        tls = transport.get_extra_info("ssl_object")
        agreed = tls is None or tls.selected_alpn_protocol() == "h2"
        if not self._owner.joined(self) or not agreed:
            writable.abort()
            return
        self.flush()

    def data_received(self, data: bytes) -> None:
        """Take bytes; answers that are ready at once leave in one write."""
        now = self._heard_s = self.common.loop.time()
        self._flushing = True
        self._handle(self.core.receive(data, int(now * 1_000)))
        for call in self._fresh:
            call.wait_for_body()
        self._fresh.clear()
        self.flush()

    def eof_received(self) -> bool:
        """Let the transport close."""
        return False

    def pause_writing(self) -> None:
        """Stop reading too: whoever does not read shall not ask for more."""
        self.paused, self._since_s = True, self.common.loop.time()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on."""
        self.paused = False
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
        if self._resumed is not None and not self._resumed.done():
            self._resumed.set_result(None)
        self.flush_soon()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the calls: nobody listens."""
        self._transport = None
        self._forget()
        self.paused = False
        if self._resumed is not None and not self._resumed.done():
            self._resumed.set_result(None)
        self._owner.left(self)

    # ---- writing -------------------------------------------------------------------------------

    def flush_soon(self) -> None:
        """Write at the end of this turn of the loop."""
        if not self._flushing:
            self._flushing = True
            self.common.loop.call_soon(self.flush)

    def flush(self) -> None:
        """Write what the core has; end a connection that is done."""
        self._flushing = False
        transport = self._transport
        if transport is None:
            return
        while not self.paused and (data := self.core.take()):
            transport.write(data)
            self._handle(self.core.events())
        if self.core.fault is not None or (self.draining and self._drained()):
            self.close()

    def resumed(self) -> "asyncio.Future[None]":
        """Return what is done when the transport takes more."""
        if self._resumed is None or self._resumed.done():
            self._resumed = self.common.loop.create_future()
        return self._resumed

    # ---- the end -------------------------------------------------------------------------------

    def drain(self) -> None:
        """Say that the server goes; serve what comes before the peer has read it."""
        self.draining, self._drained_s = True, self.common.loop.time()
        self.core.drain(final=False)
        self.flush()

    def stop_calls(self) -> None:
        """End the calls that are still there."""
        for stream in list(self.core.streams.values()):
            if stream.call is not None:
                stream.call.stop()
        self.flush()

    def close(self) -> None:
        """Close once everything is written."""
        if self._transport is not None and not self._transport.is_closing():
            self._since_s = self.common.loop.time()
            self._transport.close()

    def drop(self) -> None:
        """Close at once, and give back all that is held for the peer."""
        self._forget()
        self.abort()
        self._owner.left(self)

    def _forget(self) -> None:
        for stream in list(self.core.streams.values()):
            self.core.send.forget(stream)
            if stream.call is not None:
                stream.call.gone()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def check(self, now_s: float) -> None:
        """Look whether the peer still does its part."""
        transport = self._transport
        if transport is None:
            return
        stalled = self.paused or transport.is_closing()
        if (stalled and now_s - self._since_s > STALLED_S) or self._is_stuck(now_s):
            transport.abort()
        elif not stalled:
            self._check_alive(now_s)
            self._check_drain(now_s)
            if self.core.send.lingering:
                self.core.debt.now_ms = int(now_s * 1_000)
                self.core.send.end_lingering()
                self.flush()

    def _is_stuck(self, now_s: float) -> bool:
        """Whether the peer began something long ago and did not finish it."""
        if not self.core.begun:
            return now_s - self._made_s > HELLO_S
        since_ms = self.core.partial_since_ms
        return bool(since_ms) and now_s - since_ms / 1_000 > STALLED_S

    def _check_alive(self, now_s: float) -> None:
        pings = self.core.receiver.pings
        if pings.asked_ms:
            if now_s - pings.asked_ms / 1_000 > ANSWER_S:
                self.abort()
        elif self.core.streams and now_s - self._heard_s > SILENT_S:
            self.core.debt.now_ms = int(now_s * 1_000)
            pings.ask()
            self.flush()

    def _check_drain(self, now_s: float) -> None:
        """Wait no longer for an idle peer to say that it was warned."""
        idle = self.draining and not self.core.streams
        if idle and now_s - self._drained_s > WARNING_S:
            self.core.receiver.pings.warned = True
            self.flush()

    def _drained(self) -> bool:
        """Whether the peer knows that we go, and has nothing left."""
        if not self.core.receiver.pings.warned:
            return False
        if self.core.receiver.last_served_id > self.core.receiver.last_id:
            self.core.drain(final=True)
            self.flush_soon()
        return not self.core.streams

    # ---- events --------------------------------------------------------------------------------

    def _handle(self, events: list[Event]) -> None:
        for event in events:
            stream = event.stream
            call = stream.call
            if type(event) is Opened:
                if stream.open_out:  # Else reset by what came with it.
                    self._open(stream)
            elif call is None:
                pass
            elif type(event) is Data:
                if stream.open_out:
                    call.feed(event.payload, event.ended)
            elif type(event) is Closed:
                call.gone()
            else:
                call.sent()

    def _open(self, stream: Stream) -> None:
        head, common = stream.head, self.common
        method = common.routes.known.get(head.path)
        if method is None or head.refusal is not None:
            if not head.grpc or head.refusal is not None:
                self._refuse(stream, head.refusal)
                return
            method = common.routes.find(head)
            if method is None:
                self._refuse(stream, CallFault(UNIMPLEMENTED, f"no method {head.path}"))
                return
        call = stream.call = Call(self, stream, method)
        if method.streams_in:
            call.begin()
        else:
            self._fresh.append(call)

    def _refuse(self, stream: Stream, fault: CallFault | None) -> None:
        """Answer without a handler; None: what is not gRPC at all."""
        send = self.core.send
        if stream.head.grpc and fault is not None:
            stream.call = Call(self, stream, REFUSED)
            stream.call.end(fault.status, fault.message)
        elif stream.head.method == "HEAD":
            send.fields(stream, _REFUSAL, end=True)
        else:
            send.fields(stream, _REFUSAL, end=False)
            send.data(stream, _NOT_GRPC)
            send.close(stream)


def _peer(transport: asyncio.Transport) -> str:
    name = transport.get_extra_info("peername")
    if not isinstance(name, tuple):
        return "unknown"
    host, port = name[0], name[1]
    return f"ipv6:[{host}]:{port}" if ":" in host else f"ipv4:{host}:{port}"
