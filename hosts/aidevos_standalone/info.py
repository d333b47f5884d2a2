"""What this server says about itself to its operator (AdminService.GetServerInfo)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from aidevos_host.host import Host
from aidevos_host.worker_executor import WorkerExecutor

from aidevos.core.turn import Executor
from aidevos.doors.grpc_admin import SERVICE, AdminServicer, ServerInfo
from aidevos.doors.grpc_door import GrpcDoor
from aidevos.runtime.collector import PAUSES
from aidevos.storage.sqlite import SqliteStore
from aidevos.v1.admin_pb2_grpc import add_AdminServiceServicer_to_server
from aidevos.version import VERSION
from aidevos_standalone.jailfacts import JailFacts
from aidevos_standalone.store import Store


def statistics(host: Host, store: Store) -> dict[str, int]:
    """Return plain counts of host and store."""
    found = host.statistics()
    found["collector_pause_us_max"] = PAUSES.longest_us
    if isinstance(store, SqliteStore):
        found["log_commits"] = store.commits
    return found


@dataclass(frozen=True, slots=True)
class About:
    """Where the facts come from; called for each question."""

    host: Host
    store: Store
    addresses: Mapping[str, str]
    started_ms: int
    jail: JailFacts = field(default_factory=JailFacts)

    async def __call__(self) -> ServerInfo:
        """Return the facts as they are now."""
        return ServerInfo(
            version=VERSION,
            process_id=os.getpid(),
            started_ms=self.started_ms,
            addresses=dict(self.addresses),
            statistics=self._statistics(),
            jail=await self.jail(),
            handler_processes=self._handler_processes(),
        )

    def _statistics(self) -> dict[str, int]:
        return statistics(self.host, self.store)

    def _handler_processes(self) -> dict[str, str]:
        """Return by object type where its handlers run."""
        return {
            info.name: _process_of(service.executor)
            for service in self.host.catalog.services()
            for info in service.executor.types
        }


def _process_of(executor: Executor) -> str:
    if isinstance(executor, WorkerExecutor):
        return f"worker {executor.worker_pid or 'starting'}"
    return "host"


def add_admin(door: GrpcDoor, about: About) -> None:
    """Let the door answer AdminService with `about`."""
    servicer = AdminServicer(about, door.identity)
    door.add(lambda server: add_AdminServiceServicer_to_server(servicer, server), (SERVICE,))
