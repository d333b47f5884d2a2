"""What a server says about itself that a measurement needs, over a client's connection."""

from typing import NamedTuple

from aidevos_client import Client

from aidevos.v1 import admin_pb2
from aidevos.v1.admin_pb2_grpc import AdminServiceStub
from aidevos_cli.context import serves


class Handler(NamedTuple):
    """Where the handlers of a type run."""

    where: str
    """`host` or `worker`."""
    pids: dict[str, int]
    """Of the host and, if there is one, the worker, on the server's machine."""

    def local_pids(self) -> dict[str, int]:
        """Return them if the server runs on this machine, else none."""
        return self.pids if serves(self.pids["host"]) else {}


class Facts:
    """Asks for them. Only the operator is told: others get PermissionDeniedError."""

    def __init__(self, client: Client) -> None:
        """Ask by `client`'s connection."""
        self._connection = client.connection
        self._ask = AdminServiceStub(client.connection.channel).GetServerInfo

    async def now(self) -> admin_pb2.GetServerInfoResponse:
        """Return all of it."""
        return await self._connection.call(self._ask, admin_pb2.GetServerInfoRequest())

    async def fsyncs(self) -> int:
        """Return the commits of its log so far: one fsync each."""
        return int((await self.now()).statistics["log_commits"])

    async def handler(self, type: str) -> Handler:
        """Return where the handlers of `type` run; its worker must have started."""
        about = await self.now()
        where, _, worker = about.handler_processes[type].partition(" ")
        pids = {"host": about.process_id}
        if where == "worker":
            pids["worker"] = int(worker)
        return Handler(where, pids)
