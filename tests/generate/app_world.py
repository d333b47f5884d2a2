"""A generated app, running: its bundle on disk, its types on a real host, its door in front."""

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import httpx
from aidevos_agents.generate import Files, backend, devops, frontend, security
from aidevos_agents.spec.model import App
from aidevos_host.catalog import Service
from aidevos_host.config import HostConfig
from aidevos_host.host import Host
from aidevos_host.policy import ServicePolicy

from aidevos.doors.app import AppDoor
from aidevos.doors.app_manifest import decode_manifest
from aidevos.objects import html
from aidevos.objects.executor import InProcessExecutor
from aidevos.storage.log import ShardLog
from aidevos.storage.memory import MemoryStore

NO_LINES: Mapping[str, int] = {}


def bundle_of(app: App, lines: Mapping[str, int] = NO_LINES, version: int = 1) -> Files:
    parts = (backend(app, lines), frontend(app, lines), security(app))
    return devops(app, lines, parts, version)


def write(bundle: Files, folder: Path) -> Path:
    for path, raw in bundle.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(raw)
    return folder


def load(package: str, folder: Path) -> ModuleType:
    """Import a package from `folder` alone, whatever was imported under its name before."""
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        del sys.modules[name]
    sys.path.insert(0, str(folder))
    try:
        importlib.invalidate_caches()
        return importlib.import_module(package)
    finally:
        sys.path.remove(str(folder))


class World:
    """One app on one host; ask it over HTTP."""

    def __init__(self, app: App, folder: Path) -> None:
        self.bundle = bundle_of(app)
        self.manifest = decode_manifest(self.bundle["app.json"])
        self._folder = write(self.bundle, folder)
        self.host = Host(ShardLog(MemoryStore()), HostConfig(shard_count=1))

    async def __aenter__(self) -> "World":
        module = load(self.manifest.package, self._folder)
        html.install(self.bundle)
        types = [getattr(module, name) for name in self.manifest.types]
        grants = frozenset((g.role, g.type, g.method) for g in self.manifest.policy)
        self.host.catalog.install(
            Service(
                tenant="default",
                name=self.manifest.name,
                version=1,
                executor=InProcessExecutor(types),
                policy=ServicePolicy(grants),
            )
        )
        await self.host.start()
        door = AppDoor(self.host)
        door.install(self.manifest)
        transport = httpx.ASGITransport(app=door)  # type: ignore[arg-type]
        self.http = httpx.AsyncClient(transport=transport, base_url="http://app.test")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()
        await self.host.stop()

    async def api(self, method: str, path: str, body: object = None) -> httpx.Response:
        """Ask the API; `path` is below `/{app}/api`."""
        address = f"/{self.manifest.name}/api{path}"
        return await self.http.request(method, address, json=body)

    async def page(self, path: str) -> httpx.Response:
        """Get a page; `path` is below `/{app}`."""
        return await self.http.get(f"/{self.manifest.name}{path}")

    async def form(self, name: str, page: str, **fields: str) -> httpx.Response:
        """Post a form as a browser does."""
        address = f"/{self.manifest.name}/do/{name}"
        return await self.http.post(address, params={"from": page}, data=fields)
