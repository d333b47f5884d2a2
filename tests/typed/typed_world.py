"""A real host with its system objects behind a real gRPC door, with typed services."""

import importlib.util
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from aidevos_host.catalog import Service
from aidevos_host.config import HostConfig
from aidevos_host.host import Host
from aidevos_host.policy import OPEN, ServicePolicy
from aidevos_standalone.control import install_system
from aidevos_standalone.install import reach_of
from grpc_reflection.v1alpha import reflection_pb2

from aidevos.core.errors import ErrorRecord
from aidevos.doors.app_manifest import AppManifest
from aidevos.doors.grpc_door import GrpcDoor
from aidevos.doors.typed.contract import Contract
from aidevos.doors.typed.descriptors import file_of
from aidevos.doors.typed.numbering import numbered
from aidevos.doors.typed.pool import Pool
from aidevos.doors.typed.publisher import Publisher, subject_of_app, subject_of_type
from aidevos.objects import DurableObject
from aidevos.objects.executor import InProcessExecutor
from aidevos.runtime.status import from_rpc_error
from aidevos.runtime.tokens import Tokens
from aidevos.storage.log import ShardLog
from aidevos.storage.memory import MemoryStore

OPERATOR = "an-operators-token-for-tests"
AS_OPERATOR = (("authorization", f"Bearer {OPERATOR}"),)
ROOT = Path(__file__).resolve().parents[2]


def load(path: Path) -> Any:
    """Return the module in a file, loaded anew."""
    spec = importlib.util.spec_from_file_location(f"loaded_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def counter() -> type[DurableObject]:
    """Return the counter of examples/."""
    found: type[DurableObject] = load(ROOT / "examples" / "counter.py").Counter
    return found


def with_numbers(contract: Contract) -> Contract:
    """Return a contract as at its first registration."""
    return numbered(contract, None)


@dataclass
class TypedWorld:
    host: Host
    door: GrpcDoor
    publisher: Publisher
    port: int
    channel: grpc.aio.Channel
    pools: dict[str, Pool] = field(default_factory=dict)

    async def serve(
        self, types: Sequence[type[DurableObject]], policy: ServicePolicy = OPEN
    ) -> None:
        """Serve these types, instead of those before."""
        executor = InProcessExecutor(list(types))
        subjects = [subject_of_type(info, policy.allows) for info in executor.types]
        packages = await self.publisher.prepare(subjects)
        self.host.catalog.install(Service("default", "own", 1, executor, policy))
        self.publisher.show("own", packages)

    async def serve_app(
        self, app: AppManifest, types: Sequence[type[DurableObject]], policy: ServicePolicy = OPEN
    ) -> None:
        """Serve an app."""
        packages = await self.publisher.prepare([subject_of_app(app, policy.allows)])
        executor = InProcessExecutor(list(types))
        service = Service("default", app.name, 1, executor, policy, reach_of(app))
        self.host.catalog.install(service)
        self.publisher.show(app.name, packages)

    def pool(self, service: str) -> Pool:
        """Return the messages of a service that is or was served."""
        for package in self.door.typed.packages("operator"):
            self.pools[package.contract.service_name] = Pool(file_of(package.contract))
        return self.pools[service]

    async def call(self, path: str, metadata: Any = (), **fields: Any) -> Any:
        """Call `package.Service/Rpc`."""
        method, request, decode = self._method(path, self.channel.unary_unary, fields)
        return decode(await method(request, timeout=10, metadata=metadata))

    def stream(self, path: str, metadata: Any = (), **fields: Any) -> Any:
        """Begin a stream; `read` gives bytes, see `decode`."""
        method, request, _ = self._method(path, self.channel.unary_stream, fields)
        return method(request, timeout=10, metadata=metadata)

    def decode(self, path: str, raw: bytes) -> Any:
        """Return an answer of `path`."""
        return self._method(path, self.channel.unary_unary, {})[2](raw)

    def _method(self, path: str, kind: Any, fields: dict[str, Any]) -> tuple[Any, bytes, Any]:
        service, rpc = path.split("/")
        pool = self.pool(service)
        twin = rpc.removeprefix("Watch")
        request = pool.message(f"{twin}Request")(**fields)
        return (
            kind(f"/{path}"),
            request.SerializeToString(),
            pool.message(f"{twin}Response").FromString,
        )

    async def refusal(self, path: str, metadata: Any = (), **fields: Any) -> ErrorRecord:
        """Return why a call is refused."""
        try:
            answer = await self.call(path, metadata, **fields)
        except grpc.aio.AioRpcError as error:
            return from_rpc_error(error).to_record()
        raise AssertionError(f"answered: {answer}")

    async def reflect(self, metadata: Any = (), version: str = "v1", **question: str) -> Any:
        """Ask reflection one question."""
        method = self.channel.stream_stream(
            f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )
        request = reflection_pb2.ServerReflectionRequest(**question)
        return await anext(aiter(method(iter([request]), timeout=5, metadata=metadata)))

    async def listed(self, metadata: Any = ()) -> set[str]:
        """Return the services that reflection lists, the platform's left out."""
        answer = await self.reflect(metadata, list_services="")
        names = {service.name for service in answer.list_services_response.service}
        return {name for name in names if not name.startswith(("aidevos.", "grpc."))}


@asynccontextmanager
async def running(
    *,
    store: MemoryStore | None = None,
    address: str = "127.0.0.1:0",
    server: str = "grpcio",
    config: HostConfig | None = None,
) -> AsyncIterator[TypedWorld]:
    """Run host and door over a store; nothing is served yet."""
    host = Host(ShardLog(store or MemoryStore()), config or HostConfig(shard_count=2))
    install_system(host)
    await host.start()
    tokens = Tokens()
    tokens.add(OPERATOR, "operator")
    door = GrpcDoor(host, tokens, server=server)
    publisher = Publisher(host, door.typed)
    await publisher.load()
    port = await door.start(address)
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield TypedWorld(host, door, publisher, port, channel)
    finally:  # A red test must not leave a server that never lets the process end.
        await door.stop(grace_s=1)
        await host.stop()
