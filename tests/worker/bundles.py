"""Bundles for tests: a counter as a generator would write it, and what is appended to it."""

from aidevos_host.worker import WorkerExecutor, WorkerLimits, start_bundle

from aidevos.doors.app_manifest import AppManifest

COUNTER = b'''"""A counter."""

import aidevos
from aidevos import DurableObject, apply, command, query


class Added(aidevos.Event):
    """Something was counted."""

    n: int


class Counter(DurableObject):
    """Counts."""

    class State(aidevos.State):
        """What a counter remembers."""

        total: int = 0

    state: State

    @command
    def add(self, n: int = 1) -> int:
        """Count more."""
        self.emit(Added(n=n))
        return self.state.total

    @apply
    def _added(self, event: Added) -> None:
        self.state.total += event.n

    @query
    def total(self) -> int:
        """Return the total."""
        return self.state.total
'''


def manifest(*types: str) -> AppManifest:
    return AppManifest(
        name="tried",
        title="Tried",
        version=1,
        package="tried_app",
        types=types,
        root_type=types[0],
        root_key="{tried}app",
        key_prefix="{tried}",
        routes=(),
        views={},
    )


async def jailed(
    body: str = "", *, limits: WorkerLimits | None = None, more: dict[str, bytes] | None = None
) -> WorkerExecutor:
    """Start a jailed counter; `body` is indented into its class."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    files = {
        "tried_app/__init__.py": b"",
        "tried_app/counter.py": COUNTER + b"\n" + lines.encode() + b"\n",
        **(more or {}),
    }
    return await start_bundle(files, manifest("Counter"), limits=limits)
