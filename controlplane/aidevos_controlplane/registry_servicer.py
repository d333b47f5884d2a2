"""RegistryService: decodes, checks who calls, asks the registry, encodes."""

import re
from collections.abc import AsyncIterator, Mapping
from typing import cast

from aidevos.core.errors import InvalidArgumentError
from aidevos.doors.grpc_serving import Context, Identity, stream, unary
from aidevos.registry.base import Endpoint, Registered, Registry, Scheme, Service
from aidevos.system.names import OPERATOR, check_bound
from aidevos.v1 import registry_pb2 as pb
from aidevos.v1 import registry_pb2_grpc as rpc
from aidevos_controlplane.values import time_to
from aidevos_controlplane.who import Who, who

PAGE_MAX = 1_000
ENDPOINTS_MAX = 16
PAIRS_MAX = 64
TEXT_MAX = 512
LEASE_MS_MIN, LEASE_MS_MAX = 1_000, 3_600_000

_NAME = re.compile(r"[A-Za-z0-9._:/-]{1,128}")
_SCHEMES = ("grpc", "http", "unix")


class RegistryServicer(rpc.RegistryServiceServicer):
    """Wire adapter of RegistryService."""

    def __init__(self, registry: Registry, identity: Identity) -> None:
        """Bind."""
        self._registry = registry
        self._identity = identity

    @unary
    async def RegisterService(
        self, request: pb.RegisterServiceRequest, context: Context
    ) -> pb.RegisterServiceResponse:
        """Register or renew."""
        owner = _owner(who(self._identity, context))
        lease_ms = request.lease_ms
        if lease_ms and not LEASE_MS_MIN <= lease_ms <= LEASE_MS_MAX:
            raise InvalidArgumentError(
                f"lease_ms: {LEASE_MS_MIN} to {LEASE_MS_MAX}, or 0", field="lease_ms"
            )
        service = _service_from(request.service)
        registered = await self._registry.register(service, owner, lease_ms)
        return pb.RegisterServiceResponse(service=_service_to(registered))

    @unary
    async def DiscoverServices(
        self, request: pb.DiscoverServicesRequest, context: Context
    ) -> pb.DiscoverServicesResponse:
        """Find by criteria."""
        who(self._identity, context)
        found = await self._registry.discover(dict(request.criteria), request.kind)
        return pb.DiscoverServicesResponse(services=[_service_to(r) for r in found[:PAGE_MAX]])

    @unary
    async def UpdateService(
        self, request: pb.UpdateServiceRequest, context: Context
    ) -> pb.UpdateServiceResponse:
        """Describe anew."""
        owner = _owner(who(self._identity, context))
        expected = request.expected_revision if request.HasField("expected_revision") else None
        service = _service_from(request.service)
        registered = await self._registry.update(service, owner, expected)
        return pb.UpdateServiceResponse(service=_service_to(registered))

    @unary
    async def DeregisterService(
        self, request: pb.DeregisterServiceRequest, context: Context
    ) -> pb.DeregisterServiceResponse:
        """Take away."""
        owner = _owner(who(self._identity, context))
        await self._registry.deregister(request.name, owner)
        return pb.DeregisterServiceResponse()

    @unary
    async def ListServices(
        self, request: pb.ListServicesRequest, context: Context
    ) -> pb.ListServicesResponse:
        """Return one page, by name; the token is the last name of the page before."""
        who(self._identity, context)
        listing = await self._registry.list_services(request.name_prefix)
        left = [r for r in listing.services if r.service.name > request.page_token]
        page = left[: min(request.page_size or 100, PAGE_MAX)]
        return pb.ListServicesResponse(
            services=[_service_to(registered) for registered in page],
            next_page_token=page[-1].service.name if len(page) < len(left) else "",
            revision=listing.revision,
        )

    @stream
    async def WatchServices(
        self, request: pb.WatchServicesRequest, context: Context
    ) -> AsyncIterator[pb.WatchServicesResponse]:
        """Stream changes until the caller leaves or the registry closes."""
        who(self._identity, context)
        changes = self._registry.watch(request.name_prefix, request.after_revision)
        async for change in changes:
            yield pb.WatchServicesResponse(
                revision=change.revision, service=_service_to(change.registered), gone=change.gone
            )


def _owner(caller: Who) -> str:
    return OPERATOR if caller.is_operator else caller.principal


def _service_from(service: pb.RegisteredService) -> Service:
    if not _NAME.fullmatch(service.name):
        raise InvalidArgumentError(
            "name: 1 to 128 characters of A-Z, a-z, 0-9, . _ : / and -", field="name"
        )
    if not 1 <= len(service.kind) <= TEXT_MAX:
        raise InvalidArgumentError(f"kind: 1 to {TEXT_MAX} characters", field="kind")
    check_bound(len(service.endpoints), ENDPOINTS_MAX, "endpoints", "entries")
    check_bound(len(service.version), TEXT_MAX, "version", "characters")
    return Service(
        name=service.name,
        kind=service.kind,
        version=service.version,
        endpoints=tuple(_endpoint_from(endpoint) for endpoint in service.endpoints),
        criteria=_pairs(service.criteria, "criteria"),
        metadata=_pairs(service.metadata, "metadata"),
    )


def _endpoint_from(endpoint: pb.ServiceEndpoint) -> Endpoint:
    if endpoint.protocol not in _SCHEMES:
        raise InvalidArgumentError(f"protocol: {', '.join(_SCHEMES)}", field="endpoints.protocol")
    check_bound(len(endpoint.address), TEXT_MAX, "endpoints.address", "characters")
    return Endpoint(cast(Scheme, endpoint.protocol), endpoint.address)


def _pairs(pairs: Mapping[str, str], field: str) -> dict[str, str]:
    check_bound(len(pairs), PAIRS_MAX, field, "entries")
    for name, value in pairs.items():
        check_bound(max(len(name), len(value)), TEXT_MAX, f"{field}.{name}", "characters")
    return dict(pairs)


def _service_to(registered: Registered) -> pb.RegisteredService:
    service = registered.service
    return pb.RegisteredService(
        name=service.name,
        kind=service.kind,
        version=service.version,
        endpoints=[
            pb.ServiceEndpoint(protocol=e.protocol, address=e.address) for e in service.endpoints
        ],
        criteria=service.criteria,
        metadata=service.metadata,
        owner=registered.owner,
        registered=time_to(registered.registered_ms),
        revision=registered.revision,
    )
