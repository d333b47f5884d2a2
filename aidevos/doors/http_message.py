"""A request and its reply as the HTTP doors see them, and the ASGI shell around a handler.

A bare ASGI app costs half of a framework's (measured), so doors dispatch by themselves. The shell
reads the body up to a limit, answers HEAD as GET, and turns errors into problems.
"""

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from aidevos.core.call import PAYLOAD_BYTES_MAX

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_BYTES_MAX = PAYLOAD_BYTES_MAX
DISCARD_BYTES_MAX = 16 * BODY_BYTES_MAX
"""A body too large is read up to here and dropped, so that its sender can read the answer."""
QUERY_FIELDS_MAX = 100

JSON = "application/json"
HTML = "text/html; charset=utf-8"


class BodyTooLargeError(Exception):
    """The body has more than BODY_BYTES_MAX bytes."""


class ClientGoneError(Exception):
    """The client closed the connection before its request was whole."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One request. `segments` are the path's parts, decoded; a trailing slash makes no part."""

    method: str
    """HEAD is GET here; the shell leaves the body out."""
    segments: tuple[str, ...]
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    """Names in lower case; of a repeated header the first counts."""
    origin: str
    """`scheme://host` as the client wrote it, for absolute links."""
    target: str
    """Path and query as sent, for the Link header."""
    body: bytes = b""

    def value(self, name: str) -> str:
        """Return the last value of a query parameter, or an empty text."""
        return next((value for key, value in reversed(self.query) if key == name), "")


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """One reply: whole, or as a stream of chunks."""

    status: int = 200
    body: bytes = b""
    type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    stream: AsyncGenerator[bytes, None] | None = None


Handler = Callable[[Request], Awaitable[Reply]]


def read_head(scope: Scope) -> Request:
    """Return the request without its body."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1"), value.decode("latin-1"))
    raw_path = scope.get("raw_path") or scope["path"].encode()
    raw_query = scope.get("query_string", b"")
    method = scope["method"]
    return Request(
        method="GET" if method == "HEAD" else method,
        segments=_segments(raw_path.decode("latin-1")),
        query=_query(raw_query),
        headers=headers,
        origin=f"{scope['scheme']}://{headers.get('host') or _server(scope)}",
        target=(raw_path + b"?" + raw_query if raw_query else raw_path).decode("latin-1"),
    )


async def read_body(receive: Receive) -> bytes:
    """Return the whole body. Raises BodyTooLargeError, ClientGoneError."""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        part = message.get("body", b"")
        size += len(part)
        if size <= BODY_BYTES_MAX:
            parts.append(part)
        elif size > DISCARD_BYTES_MAX:
            break
        more = message.get("more_body", False)
    if size > BODY_BYTES_MAX:
        raise BodyTooLargeError
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def write_reply(send: Send, reply: Reply, *, head: bool) -> None:
    """Send `reply`; without its body if it answers HEAD."""
    await send(
        {"type": "http.response.start", "status": reply.status, "headers": _wire_headers(reply)}
    )
    if reply.stream is not None and not head:
        async with contextlib.aclosing(reply.stream) as chunks:
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
    body = b"" if head else reply.body
    await send({"type": "http.response.body", "body": body})


def _wire_headers(reply: Reply) -> list[tuple[bytes, bytes]]:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
    if reply.stream is not None:
        return [(b"content-type", reply.type.encode()), *headers]
    if reply.body:
        headers.append((b"content-type", reply.type.encode()))
    if reply.status != 204:
        headers.append((b"content-length", str(len(reply.body)).encode()))
    return headers


def _segments(path: str) -> tuple[str, ...]:
    parts = path.split("/")[1:]
    if parts and parts[-1] == "":
        parts.pop()
    return tuple(unquote(part) if "%" in part else part for part in parts)


def _query(raw: bytes) -> tuple[tuple[str, str], ...]:
    if not raw:
        return ()
    try:
        return tuple(
            parse_qsl(
                raw.decode("latin-1"), keep_blank_values=True, max_num_fields=QUERY_FIELDS_MAX
            )
        )
    except ValueError:
        return ()


def _server(scope: Scope) -> str:
    host, port = scope.get("server") or ("localhost", None)
    return f"{host}:{port}" if port else str(host)
