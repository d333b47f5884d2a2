"""The control plane of one server: its services, its deployer and its agents, in one piece.

    plane = ControlPlane(port, installer, tokens, identity)
    door.add(plane.register, plane.service_names)
    await plane.start("127.0.0.1:50051")     # apps serve, open runs go on
    ...
    await plane.stop()

It holds no state of its own: everything that lasts is in the objects of aidevos/system.
"""

import grpc

from aidevos.core.errors import AidevosError
from aidevos.doors.grpc_serving import Identity
from aidevos.doors.port import ObjectPort
from aidevos.registry.memory import MemoryRegistry
from aidevos.runtime.installer import Installer
from aidevos.runtime.tokens import Tokens
from aidevos.system.agent import Agent
from aidevos.system.names import agent_of
from aidevos.v1.agents_pb2_grpc import add_AgentServiceServicer_to_server
from aidevos.v1.artifacts_pb2_grpc import add_ArtifactServiceServicer_to_server
from aidevos.v1.pipeline_pb2_grpc import add_PipelineServiceServicer_to_server
from aidevos.v1.registry_pb2_grpc import add_RegistryServiceServicer_to_server
from aidevos_controlplane.app_services import AppServices
from aidevos_controlplane.artifact_servicer import ArtifactServicer
from aidevos_controlplane.artifacts import Artifacts
from aidevos_controlplane.calls import Objects
from aidevos_controlplane.clock import Clock, SystemClock
from aidevos_controlplane.deployer import Deployer
from aidevos_controlplane.mail_servicer import AgentServicer
from aidevos_controlplane.mailroom import Mailroom
from aidevos_controlplane.pipeline_servicer import PipelineServicer
from aidevos_controlplane.registry_servicer import RegistryServicer
from aidevos_controlplane.runs import Runs
from aidevos_controlplane.supervisor import MINE, Supervisor, Team, log

SERVICES = (
    "aidevos.v1.AgentService",
    "aidevos.v1.ArtifactService",
    "aidevos.v1.PipelineService",
    "aidevos.v1.RegistryService",
)


class ControlPlane:
    """Composes the parts. `register` before the gRPC server starts, `start` after the host did."""

    service_names = SERVICES

    def __init__(
        self,
        port: ObjectPort,
        installer: Installer,
        tokens: Tokens,
        identity: Identity,
        clock: Clock | None = None,
        team: Team | None = None,
    ) -> None:  # fmt: skip
        """`team` says which agents' processes to keep; roles () keeps none."""
        clock = clock or SystemClock()
        self._objects = Objects(port, clock)
        self._identity = identity
        self.registry = MemoryRegistry(clock.now_ms, clock.sleep)
        self._artifacts = Artifacts(self._objects)
        self._mailroom = Mailroom(self._objects, clock)
        self._runs = Runs(self._objects, self._artifacts, self._mailroom, clock)
        services = AppServices(self.registry)
        self._deployer = Deployer(self._objects, self._artifacts, installer, services)
        self.supervisor = Supervisor(tokens, clock, self._agent_ended, team)
        self._runs.on_open = self.supervisor.set_open

    def register(self, server: grpc.aio.Server) -> None:
        """Put the services on a server."""
        objects, identity = self._objects, self._identity
        mail = AgentServicer(objects, self._mailroom, identity)
        add_AgentServiceServicer_to_server(mail, server)
        artifacts = ArtifactServicer(self._artifacts, objects, identity)
        add_ArtifactServiceServicer_to_server(artifacts, server)
        pipeline = PipelineServicer(objects, self._runs, self._deployer, identity)
        add_PipelineServiceServicer_to_server(pipeline, server)
        add_RegistryServiceServicer_to_server(RegistryServicer(self.registry, identity), server)

    async def start(self, grpc_address: str) -> None:
        """Serve what is deployed, go on with what is open; returns when apps serve."""
        await self._mailroom.load()
        await self._deployer.start()
        await self._release_dead()
        await self._runs.load()
        self.supervisor.start(grpc_address)

    async def stop(self) -> None:
        """End the agents, and all who wait or watch: before the doors close, or they wait."""
        self._mailroom.close()
        await self.supervisor.close()
        await self._runs.close()
        await self.registry.close()

    async def _release_dead(self) -> None:
        """Take the leases of an earlier server's children back: they died with it."""
        for view in await self._objects.all("Agent"):
            state = await self._objects.state(view.object, Agent.State)
            if state is not None and state.process.startswith(MINE):
                await self._agent_ended(state.agent_id, state.process)

    async def _agent_ended(self, role: str, process_id: str) -> None:
        """Give what a dead process held to its successor at once."""
        try:
            await self._objects.command(
                agent_of(role), "release_process", type(None), process=process_id
            )
        except AidevosError as error:
            log.warning("lease is left to run out: role=%s: %s", role, error)
