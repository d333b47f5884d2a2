"""One uvicorn server on a socket that is bound already, made safe to run beside other doors.

Signals stay with the process (uvicorn's own handler would end the loop before gRPC is drained),
and a connection that is slow to ask, or asks with endless headers, is ended.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from aidevos.doors.http_message import Asgi

REQUEST_SECONDS = 30.0
"""From a connection's first byte (or its opening) to the end of its request."""
HEAD_BYTES_MAX = 64 << 10
"""Request line and headers together."""
IDLE_SECONDS = 75
GRACE_SECONDS = 10
"""How long calls under way may take to end after a stop."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a time limit for each request and a size limit for its head."""

    request_s = REQUEST_SECONDS
    _head_bytes = 0
    _asking: asyncio.TimerHandle | None = None
    _in_head = True
    _only_head = True
    """Whether the data at hand has nothing but a head in it: a body has a bound of its own."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._waited()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head has grown beyond its limit."""
        only_head, self._only_head = self._in_head, True
        super().data_received(data)
        if only_head and self._only_head and self._in_head and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self.transport.write(_HEAD_TOO_LARGE)
                self.transport.close()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._wait()

    def on_headers_complete(self) -> None:
        """The body follows; the door bounds it."""
        self._in_head, self._only_head, self._head_bytes = False, False, 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is whole: answering it may take as long as its turn takes."""
        self._in_head = True
        self._waited()
        super().on_message_complete()

    def _wait(self) -> None:
        if self._asking is None:
            self._asking = self.loop.call_later(self.request_s, self._too_slow)

    def _waited(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def _too_slow(self) -> None:
        self._asking = None
        self.transport.close()


_HEAD_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"connection: close\r\ncontent-length: 0\r\n\r\n"
)


class _Server(uvicorn.Server):
    """Tells when it listens, and leaves signals alone."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpServer:
    """Serves `app` on `place` from `open` until `close`."""

    def __init__(
        self, app: Asgi, place: socket.socket, *, request_s: float = REQUEST_SECONDS
    ) -> None:
        """`place` is bound; it is closed by `close`. A request may take `request_s` to arrive."""
        settings: dict[str, Any] = {
            "http": type("Protocol", (BoundedProtocol,), {"request_s": request_s}),
            "ws": "none",
            "lifespan": "off",
            "log_config": None,
            "access_log": False,
            "server_header": False,
            "proxy_headers": False,
            "timeout_keep_alive": IDLE_SECONDS,
            "timeout_graceful_shutdown": GRACE_SECONDS,
        }
        self._server = _Server(uvicorn.Config(app, **settings))
        self._place = place
        self._task: asyncio.Task[None] | None = None

    async def open(self, on_fatal: Callable[[BaseException], None]) -> None:
        """Return when it answers; `on_fatal` is told if it ends by itself."""
        self._task = asyncio.ensure_future(self._server.serve(sockets=[self._place]))
        self._task.add_done_callback(lambda task: _tell_end(task, on_fatal))
        listening = asyncio.ensure_future(self._server.listening.wait())
        await asyncio.wait({listening, self._task}, return_when=asyncio.FIRST_COMPLETED)
        if not listening.done():
            listening.cancel()
            await self._task

    async def close(self) -> None:
        """Take no more connections, let calls under way end, then return."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task


def _tell_end(task: "asyncio.Task[None]", on_fatal: Callable[[BaseException], None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        on_fatal(error)
