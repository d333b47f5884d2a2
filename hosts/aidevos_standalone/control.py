"""The control plane of this process: the system's own objects, the deployer, the agents."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aidevos_controlplane.control_plane import ControlPlane
from aidevos_controlplane.supervisor import Team
from aidevos_host.catalog import Service
from aidevos_host.host import Host
from aidevos_host.policy import ServicePolicy

from aidevos.objects.executor import InProcessExecutor
from aidevos.runtime.installer import Installer
from aidevos.runtime.tokens import Tokens
from aidevos.system.catalog import SERVICE, SYSTEM_TYPES
from aidevos.system.names import TENANT
from aidevos_standalone.doors import Doors

NO_TEAM = Team(roles=())


def install_system(host: Host) -> None:
    """Install the system's own types: trusted, in the host's process, granted to nobody else."""
    service = Service(
        tenant=TENANT,
        name=SERVICE,
        version=1,
        executor=InProcessExecutor(SYSTEM_TYPES),
        policy=ServicePolicy(frozenset()),
    )
    host.catalog.install(service)


def make_plane(
    host: Host, doors: Doors, installer: Installer, tokens: Tokens, *, agents: bool
) -> ControlPlane:
    """Return the control plane over `host`, its services on the gRPC door; nothing runs yet."""
    install_system(host)
    team = None if agents else NO_TEAM
    plane = ControlPlane(host, installer, tokens, doors.grpc.identity, team=team)
    doors.grpc.add(plane.register, plane.service_names)
    return plane


@asynccontextmanager
async def running_plane(plane: ControlPlane, grpc_address: str) -> AsyncIterator[None]:
    """Serve what is deployed and go on with open runs; at the end, end the agents."""
    try:
        await plane.start(grpc_address)
        yield
    finally:
        await plane.stop()
