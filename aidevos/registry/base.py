"""What is there now, and where: the contract of every registry (in-process, etcd).

It holds live things only: what must last is kept in system objects and is registered again from
them, so a registry may be lost without losing anything. Revisions count changes of the whole
registry; they let a watcher go on without a gap, and prove nothing.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Literal, Protocol

import msgspec

Scheme = Literal["grpc", "http", "unix"]


class Endpoint(msgspec.Struct, frozen=True):
    """Where a service answers."""

    protocol: Scheme
    address: str


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """A service as its owner describes it. `criteria` are what it is found by."""

    name: str
    kind: str
    version: str = ""
    endpoints: tuple[Endpoint, ...] = ()
    criteria: dict[str, str] = {}
    metadata: dict[str, str] = {}


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """A service as it is registered; `revision` is the registry's at its last change."""

    service: Service
    owner: str
    registered_ms: int
    revision: int


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One change: the service after it, or as it last was if it is gone."""

    revision: int
    registered: Registered
    gone: bool = False


class Listing(msgspec.Struct, frozen=True):
    """All services at one revision of the registry, by name."""

    revision: int
    services: tuple[Registered, ...]


class Registry(Protocol):
    """One registry of one cluster."""

    async def register(self, service: Service, owner: str, lease_ms: int = 0) -> Registered:
        """Register, or describe anew and renew; a renewal without a change is no change.

        Args:
            service: What there is.
            owner: Principal that registers; only it may change or renew the registration.
            lease_ms: How long it lasts unless renewed; 0 means until it is deregistered.

        Raises:
            AlreadyExistsError: Another owner holds the name.
        """
        ...

    async def update(
        self, service: Service, owner: str, expected_revision: int | None = None
    ) -> Registered:
        """Replace the description; the lease stays as it is.

        Raises NotFoundError, PermissionDeniedError (not the owner), VersionConflictError.
        """
        ...

    async def deregister(self, name: str, owner: str) -> None:
        """Take it away; one that is gone is no error. Raises PermissionDeniedError."""
        ...

    async def discover(self, criteria: Mapping[str, str], kind: str = "") -> tuple[Registered, ...]:
        """Return the services that meet all criteria (and are of `kind`, if given), by name."""
        ...

    async def list_services(self, name_prefix: str = "") -> Listing:
        """Return all services whose names begin so. What was answered before is in it."""
        ...

    def watch(self, name_prefix: str = "", after_revision: int = 0) -> AsyncIterator[Change]:
        """Yield changes with a higher revision, in order and without gaps; 0 means from now on.

        Raises FailedPreconditionError if the revision is too old to go on from (list, then
        watch), ResourceExhaustedError if the reader is too slow. Cancel to end.
        """
        ...

    async def close(self) -> None:
        """End all watchers with UnavailableError and forget the leases. Idempotent."""
        ...
