"""The registry in this process. Leases end by themselves; watchers have bounded buffers."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass

import msgspec

from aidevos.core.errors import (
    AidevosError,
    AlreadyExistsError,
    FailedPreconditionError,
    NotFoundError,
    PermissionDeniedError,
    ResourceExhaustedError,
    UnavailableError,
    VersionConflictError,
)
from aidevos.registry.base import Change, Listing, Registered, Service

SERVICES_MAX = 10_000
CHANGES_KEPT = 1_000
"""Newest changes that a watcher can go on from."""
BUFFER = 1_000
"""Changes that may wait for one watcher."""

SleepMs = Callable[[int], Awaitable[None]]


@dataclass(slots=True)
class _Held:
    """One registration and its lease: `ends_ms` 0 means that it has none."""

    registered: Registered
    ends_ms: int


class MemoryRegistry:
    """See base.Registry. One timer waits for the lease that ends first."""

    def __init__(self, now_ms: Callable[[], int], sleep_ms: SleepMs) -> None:
        """Begin empty, at revision 0; `now_ms` and `sleep_ms` are its clock."""
        self._now_ms = now_ms
        self._sleep_ms = sleep_ms
        self._held: dict[str, _Held] = {}
        self._revision = 0
        self._changes: deque[Change] = deque(maxlen=CHANGES_KEPT)
        self._watchers: set[asyncio.Queue[Change | AidevosError]] = set()
        self._timer: asyncio.Task[None] | None = None
        self._timer_ms = 0

    # ---- base.Registry ---------------------------------------------------------------------

    async def register(self, service: Service, owner: str, lease_ms: int = 0) -> Registered:
        """Register or renew."""
        self._expire()
        now = self._now_ms()
        held = self._held.get(service.name)
        if held is not None and held.registered.owner != owner:
            raise AlreadyExistsError(
                f"{service.name} is registered by {held.registered.owner}", field="name"
            )
        if held is None and len(self._held) >= SERVICES_MAX:
            raise ResourceExhaustedError(f"{SERVICES_MAX} services are registered")
        began_ms = held.registered.registered_ms if held else now
        registered = held.registered if held else None
        if registered is None or registered.service != service:
            registered = self._put(service, owner, began_ms)
        self._held[service.name] = _Held(registered, now + lease_ms if lease_ms else 0)
        self._arm()
        return registered

    async def update(
        self, service: Service, owner: str, expected_revision: int | None = None
    ) -> Registered:
        """Replace a description."""
        held = self._owned(service.name, owner)
        if held is None:
            raise NotFoundError(f"{service.name} is not registered", field="name")
        before = held.registered
        if expected_revision is not None and expected_revision != before.revision:
            raise VersionConflictError(
                f"{service.name} is at revision {before.revision}, not {expected_revision}",
                expected=expected_revision,
                actual=before.revision,
            )
        if before.service != service:
            held.registered = self._put(service, before.owner, before.registered_ms)
        return held.registered

    async def deregister(self, name: str, owner: str) -> None:
        """Take a registration away."""
        if self._owned(name, owner) is not None:
            self._take(name)

    async def discover(self, criteria: Mapping[str, str], kind: str = "") -> tuple[Registered, ...]:
        """Return what meets all criteria."""
        found = (await self.list_services()).services
        return tuple(
            registered
            for registered in found
            if kind in ("", registered.service.kind)
            and criteria.items() <= registered.service.criteria.items()
        )

    async def list_services(self, name_prefix: str = "") -> Listing:
        """Return all services whose names begin so."""
        self._expire()
        names = sorted(name for name in self._held if name.startswith(name_prefix))
        return Listing(self._revision, tuple(self._held[name].registered for name in names))

    async def watch(self, name_prefix: str = "", after_revision: int = 0) -> AsyncIterator[Change]:
        """Yield changes."""
        self._expire()
        queue: asyncio.Queue[Change | AidevosError] = asyncio.Queue()
        for change in self._since(after_revision or self._revision):
            queue.put_nowait(change)
        self._watchers.add(queue)
        try:
            while True:
                item = await queue.get()
                if isinstance(item, AidevosError):
                    raise item
                if item.registered.service.name.startswith(name_prefix):
                    yield item
        finally:
            self._watchers.discard(queue)

    async def close(self) -> None:
        """End all watchers and the timer."""
        if self._timer is not None:
            self._timer.cancel()
        self._held.clear()
        for queue in self._watchers:
            queue.put_nowait(UnavailableError("the registry is closing; watch again"))
        self._watchers.clear()

    # ---- inside ----------------------------------------------------------------------------

    def _owned(self, name: str, owner: str) -> _Held | None:
        self._expire()
        held = self._held.get(name)
        if held is not None and owner not in (held.registered.owner, "operator"):
            raise PermissionDeniedError(
                f"{name} is registered by {held.registered.owner}: only it may change that"
            )
        return held

    def _put(self, service: Service, owner: str, registered_ms: int) -> Registered:
        self._revision += 1
        registered = Registered(
            service=service, owner=owner, registered_ms=registered_ms, revision=self._revision
        )
        self._publish(Change(revision=self._revision, registered=registered))
        return registered

    def _take(self, name: str) -> None:
        self._revision += 1
        gone = msgspec.structs.replace(self._held.pop(name).registered, revision=self._revision)
        self._publish(Change(revision=self._revision, registered=gone, gone=True))

    def _publish(self, change: Change) -> None:
        self._changes.append(change)
        for queue in list(self._watchers):
            if queue.qsize() >= BUFFER:
                self._watchers.discard(queue)
                queue.put_nowait(ResourceExhaustedError("too slow; list, then watch again"))
            else:
                queue.put_nowait(change)

    def _since(self, revision: int) -> list[Change]:
        oldest = self._changes[0].revision if self._changes else self._revision + 1
        if revision + 1 < oldest:
            raise FailedPreconditionError(
                f"revision {revision} is too old to go on from: list, then watch"
            )
        return [change for change in self._changes if change.revision > revision]

    # ---- leases ----------------------------------------------------------------------------

    def _expire(self) -> None:
        """Take away what has ended by now, in order of its end."""
        now = self._now_ms()
        ended = [(held.ends_ms, name) for name, held in self._held.items() if held.ends_ms]
        for ends_ms, name in sorted(ended):
            if ends_ms <= now:
                self._take(name)

    def _arm(self) -> None:
        """Let one timer wait for the first end."""
        first = min((held.ends_ms for held in self._held.values() if held.ends_ms), default=0)
        waiting = self._timer is not None and not self._timer.done()
        if not first or (waiting and self._timer_ms <= first):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_ms = first
        self._timer = asyncio.ensure_future(self._wait(first))

    async def _wait(self, until_ms: int) -> None:
        await self._sleep_ms(until_ms - self._now_ms())
        self._expire()
        self._timer = None
        self._arm()
