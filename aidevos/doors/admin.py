"""The admin door: health, metrics, and the objects' own HTTP/JSON.

Its listener is not the apps': pages that agents made never share an origin with it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from aidevos.core.errors import PermissionDeniedError
from aidevos.doors import admin_objects
from aidevos.doors.admin_openapi import openapi
from aidevos.doors.admin_watch import watch
from aidevos.doors.http_message import Receive, Reply, Request, Scope, Send
from aidevos.doors.http_origin import names_this_machine, same_origin
from aidevos.doors.http_problem import not_allowed, problem
from aidevos.doors.http_shell import asgi
from aidevos.doors.identity import Identify, anybody
from aidevos.doors.port import ObjectPort
from aidevos.version import VERSION

INDEX = {
    "name": "AIDevOS",
    "version": VERSION,
    "objects": "/v1/objects",
    "types": "/v1/types",
    "openapi": "/openapi.json",
    "metrics": "/metrics",
    "health": ["/healthz", "/readyz"],
}


def _always() -> bool:
    return True


def _no_metrics() -> tuple[bytes, str]:
    return b"", "text/plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminSettings:
    """What the composition root tells the door."""

    identify: Identify = anybody
    loopback: bool = True
    """Whether only this machine reaches the listener; then Host must name this machine."""

    ready: Callable[[], bool] = _always
    metrics: Callable[[], tuple[bytes, str]] = _no_metrics
    """Body and content type of /metrics."""


class AdminDoor:
    """An ASGI app over one host."""

    def __init__(self, port: ObjectPort, settings: AdminSettings | None = None) -> None:
        """Bind the host."""
        self.stopping = asyncio.Event()
        """Set it to end every watcher: an open stream would hold up the server's stop."""
        self._port = port
        self._settings = settings or AdminSettings()
        self._asgi = asgi(self._handle)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._asgi(scope, receive, send)

    async def _handle(self, request: Request) -> Reply:
        match request.segments:
            case ("healthz",):
                return _status(200, "live")
            case ("readyz",):
                return (
                    _status(200, "ready") if self._settings.ready() else _status(503, "not ready")
                )
        self._guard(request)
        principal = self._settings.identify(request.headers.get("authorization"))
        if request.segments[:2] == ("v1", "objects"):
            return await self._objects(request, principal)
        if request.method != "GET":
            return not_allowed(request.method, ("GET", "HEAD"))
        return self._read(request)

    def _guard(self, request: Request) -> None:
        """Refuse what a web page of somebody else made a browser send."""
        if self._settings.loopback and not names_this_machine(request):
            raise PermissionDeniedError(
                "this address is for this machine alone: use localhost or 127.0.0.1 as the host"
            )
        if request.method != "GET" and not same_origin(request):
            raise PermissionDeniedError("a page of another site may not change objects")

    def _read(self, request: Request) -> Reply:
        match request.segments:
            case ():
                return _json(INDEX)
            case ("metrics",):
                body, kind = self._settings.metrics()
                return Reply(body=body, type=kind)
            case ("openapi.json",):
                return _json(openapi(self._port.types(_tenant(request)), request.origin))
            case ("v1", "types"):
                return _json({"types": self._port.types(_tenant(request))})
        return _nothing_at(request)

    async def _objects(self, request: Request, principal: str) -> Reply:
        port, count = self._port, len(request.segments)
        reading = request.method == "GET"
        if count in (2, 4) and not reading:
            return not_allowed(request.method, ("GET", "HEAD"))
        if count == 2:
            return await admin_objects.list_objects(port, request, principal)
        if count == 4:
            return await admin_objects.get(port, request, principal)
        if count != 5:
            return _nothing_at(request)
        return await self._of_object(request, principal)

    async def _of_object(self, request: Request, principal: str) -> Reply:
        """Answer below one object: its events, its watch, or a method of its type."""
        if request.method == "POST":
            return await admin_objects.invoke(self._port, request, principal)
        if request.method != "GET":
            return not_allowed(request.method, ("GET", "HEAD", "POST"))
        match request.segments[4]:
            case "events":
                return await admin_objects.list_events(self._port, request, principal)
            case "watch":
                return await watch(self._port, request, principal, self.stopping)
        return not_allowed("GET", ("POST",))


def _status(status: int, word: str) -> Reply:
    return Reply(status=status, body=msgspec.json.encode({"status": word}))


def _json(body: object) -> Reply:
    return Reply(body=msgspec.json.encode(body))


def _tenant(request: Request) -> str:
    return request.value("tenant") or admin_objects.TENANT


def _nothing_at(request: Request) -> Reply:
    path = "/".join(request.segments)
    return problem(404, "NOT_FOUND", f"there is no /{path}; GET / says what there is")
