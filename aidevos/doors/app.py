"""The app door: serves the routes and pages of generated apps from their manifests.

`/{app}/api/...` are the routes exactly as the manifest says, `/{app}/...` the pages, `/` lists
the apps. Generic: no code of an app runs in it. The listener is the apps' own, so that their
pages share an origin with nothing else.
"""

import html
import re
from dataclasses import dataclass

import msgspec

from aidevos.core.errors import AidevosError
from aidevos.doors.app_api import CORS, AppApi
from aidevos.doors.app_html import own_page
from aidevos.doors.app_manifest import AppManifest
from aidevos.doors.app_pages import AppPages
from aidevos.doors.http_message import JSON, Receive, Reply, Request, Scope, Send
from aidevos.doors.http_problem import not_allowed, problem, raised
from aidevos.doors.http_shell import asgi
from aidevos.doors.identity import Identify, anybody
from aidevos.doors.port import ObjectPort

API = "api"
_HOST = re.compile(r"https?://[A-Za-z0-9._~:\[\]-]{1,255}")


@dataclass(frozen=True, slots=True)
class _Installed:
    manifest: AppManifest
    api: AppApi
    pages: AppPages


class AppDoor:
    """An ASGI app over the installed manifests."""

    def __init__(self, port: ObjectPort, identify: Identify = anybody) -> None:
        """Begin without apps."""
        self._port = port
        self._identify = identify
        self._apps: dict[str, _Installed] = {}
        self._asgi = asgi(self._handle)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._asgi(scope, receive, send)

    def install(self, manifest: AppManifest) -> None:
        """Serve this version of an app from the next request on."""
        self._apps[manifest.name] = _Installed(
            manifest, AppApi(self._port, manifest), AppPages(self._port, manifest)
        )

    def remove(self, name: str) -> None:
        """Serve the app no more; harmless if it is not served."""
        self._apps.pop(name, None)

    def installed(self) -> tuple[AppManifest, ...]:
        """Return the manifests that are served."""
        return tuple(app.manifest for app in self._apps.values())

    async def _handle(self, request: Request) -> Reply:
        if not _HOST.fullmatch(request.origin):
            return problem(400, "INVALID_ARGUMENT", "the Host header is not one of a web address")
        if not request.segments:
            return self._home(request)
        app = self._apps.get(request.segments[0])
        if app is None:
            return problem(404, "NOT_FOUND", f"no app {request.segments[0]!r} is served here")
        if request.segments[1:2] == (API,):
            return _with_cors(await self._api(app, request))
        principal = self._identify(request.headers.get("authorization"))
        return await app.pages.answer(request, request.segments[1:], principal)

    async def _api(self, app: _Installed, request: Request) -> Reply:
        """Answer for the API; errors are told here, so that they carry CORS headers too."""
        below = request.segments[2:]
        if request.method == "OPTIONS":
            return app.api.options(below)
        try:
            principal = self._identify(request.headers.get("authorization"))
            return await app.api.answer(request, below, principal)
        except AidevosError as error:
            return raised(error)

    def _home(self, request: Request) -> Reply:
        if request.method != "GET":
            return not_allowed(request.method, ("GET", "HEAD"))
        apps = [
            {"name": app.name, "title": app.title, "version": app.version, "pages": f"/{app.name}/",
             "api": f"/{app.name}/api"}
            for app in self.installed()
        ]  # fmt: skip
        if request.headers.get("accept", "").startswith(JSON):
            return Reply(body=msgspec.json.encode({"apps": apps}))
        lines = [_line(app) for app in self.installed()] or ["No app is deployed yet."]
        return own_page("Apps", lines)


def _line(app: AppManifest) -> str:
    path = f"/{html.escape(app.name)}"
    return (
        f'<a href="{path}/">{html.escape(app.title)}</a>, version {app.version} '
        f'(<a href="{path}/api">API</a>)'
    )


def _with_cors(reply: Reply) -> Reply:
    return msgspec.structs.replace(reply, headers=(*CORS, *reply.headers))
