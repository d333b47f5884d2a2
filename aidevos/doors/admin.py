"""The admin door: health, metrics, and the objects' own HTTP/JSON."""

from aidevos.doors.http_message import Receive, Reply, Request, Scope, Send
from aidevos.doors.http_problem import problem
from aidevos.doors.http_shell import asgi
from aidevos.doors.port import ObjectPort


class AdminDoor:
    """An ASGI app over one host."""

    def __init__(self, port: ObjectPort) -> None:
        """Bind the host."""
        self._port = port
        self._asgi = asgi(self._handle)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._asgi(scope, receive, send)

    async def _handle(self, request: Request) -> Reply:
        if request.segments == ("healthz",):
            return Reply(body=b'{"status":"ok"}')
        return problem(404, "NOT_FOUND", f"there is no /{'/'.join(request.segments)}")
