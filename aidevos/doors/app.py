"""The app door: serves the routes and pages of generated apps from their manifests.

`/{app}/api/...` are the routes exactly as the manifest says, `/{app}/...` the pages, `/` lists
the apps. Generic: no code of an app runs in it.
"""

from aidevos.doors.app_manifest import AppManifest
from aidevos.doors.http_message import Receive, Reply, Request, Scope, Send
from aidevos.doors.http_problem import problem
from aidevos.doors.http_shell import asgi
from aidevos.doors.port import ObjectPort


class AppDoor:
    """An ASGI app over the installed manifests."""

    def __init__(self, port: ObjectPort) -> None:
        """Begin without apps."""
        self._port = port
        self._apps: dict[str, AppManifest] = {}
        self._asgi = asgi(self._handle)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._asgi(scope, receive, send)

    def install(self, manifest: AppManifest) -> None:
        """Serve this version of an app from the next request on."""
        self._apps[manifest.name] = manifest

    def remove(self, name: str) -> None:
        """Serve the app no more."""
        self._apps.pop(name, None)

    async def _handle(self, request: Request) -> Reply:
        return problem(404, "NOT_FOUND", "no such app")
