"""The ASGI shell around a door's handler: body, HEAD, problems, and the boundary for bugs."""

import asyncio
import contextlib
import logging

from aidevos.core.errors import AidevosError
from aidevos.doors.http_message import (
    Asgi,
    BodyTooLargeError,
    ClientGoneError,
    Handler,
    Receive,
    Reply,
    Request,
    Scope,
    Send,
    read_body,
    read_head,
    write_reply,
)
from aidevos.doors.http_problem import problem, raised, too_large
from aidevos.telemetry.events import DOOR_FAILED

_log = logging.getLogger("aidevos.doors")


def asgi(handler: Handler) -> Asgi:
    """Return `handler` as an ASGI app. A client that is gone gets no answer and no traceback."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http", "lifespan and WebSocket are off"
        request = read_head(scope)
        try:
            reply = await _answer(handler, request, receive)
        except ClientGoneError:
            return
        if reply.stream is None:
            await write_reply(send, reply, head=scope["method"] == "HEAD")
        else:
            await _pump(reply, scope, receive, send)

    return app


async def _pump(reply: Reply, scope: Scope, receive: Receive, send: Send) -> None:
    """Send a stream until it ends or the client is gone."""
    sending = asyncio.ensure_future(write_reply(send, reply, head=scope["method"] == "HEAD"))
    leaving = asyncio.ensure_future(receive())
    try:
        await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
    finally:
        leaving.cancel()
        sending.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await sending


async def _answer(handler: Handler, request: Request, receive: Receive) -> Reply:
    try:
        body = await read_body(receive)
    except BodyTooLargeError:
        return too_large()
    if body:
        request = _with_body(request, body)
    try:
        return await handler(request)
    except AidevosError as error:
        return raised(error)
    except Exception:  # Boundary: a bug in a door is told as 500 and logged, never shown.
        _log.exception("%s method=%s", DOOR_FAILED, request.method)
        return problem(500, "INTERNAL", "the server has a bug; its log says more")


def _with_body(request: Request, body: bytes) -> Request:
    return Request(
        method=request.method,
        segments=request.segments,
        query=request.query,
        headers=request.headers,
        origin=request.origin,
        target=request.target,
        body=body,
    )
