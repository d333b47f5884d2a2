"""Which types this host runs, for whom, and by which executor. Replaced whole, never half."""

import asyncio
from dataclasses import dataclass, field

from msgspec.structs import replace

from aidevos.core.errors import NotFoundError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import Executor, MethodInfo, TypeInfo
from aidevos_host.policy import ServicePolicy
from aidevos_host.reach import Reach


class Use:
    """Counts the turns that one version of a service has, so that it can end after them."""

    __slots__ = ("_ended", "count")

    def __init__(self) -> None:
        """Begin unused."""
        self.count = 0
        self._ended: list[asyncio.Future[None]] = []

    def tell(self) -> None:
        """The count fell to 0: tell who waits for that."""
        for waiting in self._ended:
            if not waiting.done():
                waiting.set_result(None)
        self._ended.clear()

    async def ended(self) -> None:
        """Return when it has no turn; for a version that gets no new ones."""
        if self.count:
            waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._ended.append(waiting)
            await waiting


@dataclass(slots=True, eq=False)
class Service:
    """One installed version of a service: its types, who may call them, who runs them.

    `reach` bounds which objects can be called; None: any.
    """

    tenant: str
    name: str
    version: int
    executor: Executor
    policy: ServicePolicy
    reach: Reach | None = None
    use: Use = field(default_factory=Use)
    after: tuple[Use, ...] = ()
    """Turns of the versions that it replaced, those of a group end before its own begin."""

    def covers(self, key: str) -> bool:
        """Whether objects of that key are its own."""
        return self.reach is None or key.startswith(self.reach.prefix)


@dataclass(frozen=True, slots=True, eq=False)
class TypeEntry:
    """One type: its exported schema and the service that it belongs to."""

    info: TypeInfo
    service: Service
    methods: dict[str, MethodInfo]


class Catalog:
    """Types by (tenant, name). Services may have types of one name if their keys are apart."""

    def __init__(self) -> None:
        """Begin empty."""
        self._types: dict[tuple[str, str], tuple[TypeEntry, ...]] = {}
        self._services: dict[tuple[str, str], Service] = {}
        self.changes = 0
        """Grows with each change, so that what was looked up can be kept until then."""

    def install(self, service: Service) -> Service | None:
        """Make `service` current; return the version it replaces (for the caller to close).

        Turns under way end with the executor they began with.
        """
        before = self._services.get((service.tenant, service.name))
        if before is not None:
            self.remove(service.tenant, service.name)
            service.after = tuple(use for use in (before.use, *before.after) if use.count)
        self.changes += 1
        self._services[service.tenant, service.name] = service
        for info in service.executor.types:
            others = self._types.get((service.tenant, info.name), ())
            self._types[service.tenant, info.name] = (_entry(info, service), *others)
        return before

    def remove(self, tenant: str, name: str) -> Service | None:
        """Take a service away; its objects stay in the log."""
        gone = self._services.pop((tenant, name), None)
        self.changes += 1
        for key, entries in list(self._types.items()):
            self._types[key] = tuple(entry for entry in entries if entry.service is not gone)
        return gone

    def get(self, object: ObjectId) -> TypeEntry:
        """Return the entry of an object's type, or raise NotFoundError with what is there."""
        entries = self.named(object.tenant, object.type)
        if not entries:
            known = ", ".join(sorted({info.name for info in self.types(object.tenant)})) or "none"
            raise NotFoundError(
                f"no object type {object.type} is installed; there are: {known}",
                field="object_type",
            )
        return next((e for e in entries if e.service.covers(object.key)), entries[0])

    def named(self, tenant: str, type_name: str) -> tuple[TypeEntry, ...]:
        """Return the types of that name, one for each service that has one."""
        return self._types.get((tenant, type_name), ())

    def types(self, tenant: str) -> tuple[TypeInfo, ...]:
        """Return the schemas of all types of `tenant`, by name, each with its service."""
        found = (entries for (owner, _), entries in self._types.items() if owner == tenant)
        infos = (
            replace(entry.info, service=entry.service.name)
            for entries in found
            for entry in entries
        )
        return tuple(sorted(infos, key=lambda info: (info.name, info.service)))

    def services(self) -> tuple[Service, ...]:
        """Return every installed service."""
        return tuple(self._services.values())


def _entry(info: TypeInfo, service: Service) -> TypeEntry:
    return TypeEntry(info, service, {method.name: method for method in info.methods})
