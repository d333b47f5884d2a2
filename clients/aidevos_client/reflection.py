"""What a server serves, asked by reflection: its services, and the file of one of them."""

from collections.abc import Iterable
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_reflection.v1alpha.reflection_pb2 import (
    ServerReflectionRequest,
    ServerReflectionResponse,
)

from aidevos.core.errors import NotFoundError
from aidevos_client.connection import Connection

_METHOD = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"


async def services(connection: Connection) -> list[str]:
    """Return the full names of all services that this caller may see."""
    answer = await _ask(connection, ServerReflectionRequest(list_services=""))
    return sorted(service.name for service in answer.list_services_response.service)


async def file_of(connection: Connection, symbol: str) -> FileDescriptorProto:
    """Return the file that defines a service, with its comments. Raises NotFoundError."""
    answer = await _ask(connection, ServerReflectionRequest(file_containing_symbol=symbol))
    for raw in answer.file_descriptor_response.file_descriptor_proto:
        file = FileDescriptorProto.FromString(raw)
        if symbol in _defined(file):
            return file
    raise NotFoundError(f"{symbol} is not served")


def _defined(file: FileDescriptorProto) -> Iterable[str]:
    return (f"{file.package}.{service.name}" for service in file.service)


async def _ask(
    connection: Connection, question: ServerReflectionRequest
) -> ServerReflectionResponse:
    """Ask one question on a stream of its own."""
    method: Any = connection.channel.stream_stream(
        _METHOD,
        request_serializer=ServerReflectionRequest.SerializeToString,
        response_deserializer=ServerReflectionResponse.FromString,
    )
    answer: ServerReflectionResponse
    async for answer in connection.stream(method, iter((question,))):
        return answer
    raise NotFoundError("the server gives no reflection")
