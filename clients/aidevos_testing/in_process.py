"""A generated app as a candidate in this process: host on memory, app door, worker in the jail.

What is generated runs jailed here as well; only sockets and the disk are left out, for speed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

from aidevos_agents.gates import Reply
from aidevos_host.catalog import Service
from aidevos_host.config import HostConfig
from aidevos_host.host import Host
from aidevos_host.policy import ServicePolicy
from aidevos_host.worker import WorkerExecutor, WorkerLimits, start_bundle

from aidevos.core.errors import UnavailableError
from aidevos.doors.app import AppDoor
from aidevos.doors.app_manifest import MANIFEST_PATH, AppManifest, decode_manifest
from aidevos.storage.log import ShardLog
from aidevos.storage.memory import MemoryStore

AUTHORITY = "127.0.0.1:8080"
NO_HEADERS: Mapping[str, str] = {}
Message = MutableMapping[str, Any]


class InProcessCandidate:
    """Implements `gates.Candidate`. Begin with `fresh`, end with `close`."""

    def __init__(self, bundle: Mapping[str, bytes]) -> None:
        """Take a bundle; nothing is started yet."""
        self._bundle = bundle
        self._manifest: AppManifest = decode_manifest(bundle[MANIFEST_PATH])
        self._store = MemoryStore()
        self._host: Host | None = None
        self._executor: WorkerExecutor | None = None
        self._door: AppDoor | None = None

    async def api(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Reply:
        """Ask for a path below `/{app}/api`."""
        return await self._ask(method, f"/{self._manifest.name}/api{path}", body or b"", headers)

    async def page(self, path: str) -> Reply:
        """Get a page, a path below `/{app}`."""
        return await self._ask("GET", f"/{self._manifest.name}{path}", b"", NO_HEADERS)

    async def crash(self) -> None:
        """Drop host and worker with all that was not stored; start again on the same store."""
        await self._end()
        await self._start()

    async def fresh(self) -> None:
        """Start on empty data."""
        self._store = MemoryStore()
        # The new worker first: the zygote, which ends with its last worker, stays warm.
        before = self._executor
        self._crash_host()
        await self._start()
        if before is not None:
            await before.close()

    async def close(self) -> None:
        """End worker and host."""
        await self._end()

    async def _start(self) -> None:
        self._executor = await start_bundle(
            self._bundle, self._manifest, limits=WorkerLimits(check_all=True)
        )
        self._host = Host(ShardLog(self._store), HostConfig(shard_count=1))
        await self._host.start()
        grants = ((grant.role, grant.type, grant.method) for grant in self._manifest.policy)
        service = Service(
            tenant="default",
            name=self._manifest.name,
            version=self._manifest.version,
            executor=self._executor,
            policy=ServicePolicy(frozenset(grants)),
        )
        self._host.catalog.install(service)
        self._door = AppDoor(self._host)
        self._door.install(self._manifest)

    def _crash_host(self) -> None:
        if self._host is not None:
            self._host.crash()
            self._host = None

    async def _end(self) -> None:
        self._crash_host()
        if self._executor is not None:
            await self._executor.close()
            self._executor = None

    async def _ask(
        self, method: str, target: str, body: bytes, headers: Mapping[str, str]
    ) -> Reply:
        assert self._door is not None, "fresh() comes first"
        told: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            told.append(message)

        await self._door(_scope(method, target, headers), receive, send)
        if not told:
            raise UnavailableError(f"the app door gave no answer to {method} {target}")
        found = {name.decode(): value.decode("latin-1") for name, value in told[0]["headers"]}
        content = b"".join(message.get("body", b"") for message in told[1:])
        return Reply(told[0]["status"], found, content, f"http://{AUTHORITY}{target}")


def _scope(method: str, target: str, headers: Mapping[str, str]) -> Message:
    path, _, query = target.partition("?")
    lines = {"host": AUTHORITY} | {name.lower(): value for name, value in headers.items()}
    return {
        "type": "http",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in lines.items()],
    }


@asynccontextmanager
async def in_process(bundle: Mapping[str, bytes]) -> AsyncIterator[InProcessCandidate]:
    """Give a candidate of this bundle; end it at the end."""
    candidate = InProcessCandidate(bundle)
    try:
        yield candidate
    finally:
        await candidate.close()
