"""Server reflection as v1 and v1alpha: the same messages under two names.

The packages differ in nothing but their name, so one handler answers both, and v1's descriptor
is made here. grpcio-reflection's own servicer knows v1alpha alone, one pool for everybody, finds
no methods, and leaves `json_name` out, without which grpcurl prints names that are not ProtoJSON's.

The platform's own services are shown to everybody, typed ones (each with a pool of its own, and
its comments) to those who may call them.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto
from grpc_reflection.v1alpha.reflection_pb2 import (
    DESCRIPTOR,
    ErrorResponse,
    ExtensionNumberResponse,
    FileDescriptorResponse,
    ListServiceResponse,
    ServerReflectionRequest,
    ServerReflectionResponse,
    ServiceResponse,
)

from aidevos.doors.grpc_serving import Context
from aidevos.doors.typed.names import json_name
from aidevos.doors.typed.package import Package

OLD, NEW = "grpc.reflection.v1alpha", "grpc.reflection.v1"
SERVICES = (f"{NEW}.ServerReflection", f"{OLD}.ServerReflection")


Typed = Callable[[Context], Sequence[Package]]
"""The typed services that the caller of a context may see."""


def add_reflection(server: grpc.aio.Server, service_names: Iterable[str], typed: Typed) -> None:
    """Serve the descriptors of `service_names`, of what is `typed` and of reflection itself."""
    _describe_v1()
    handler = grpc.stream_stream_rpc_method_handler(
        Reflection((*service_names, *SERVICES), typed).answers,
        request_deserializer=ServerReflectionRequest.FromString,
        response_serializer=ServerReflectionResponse.SerializeToString,
    )
    methods = {"ServerReflectionInfo": handler}
    server.add_generic_rpc_handlers(
        tuple(grpc.method_handlers_generic_handler(name, methods) for name in SERVICES)
    )


class Reflection:
    """Answers from the default descriptor pool and from those of typed services."""

    def __init__(self, service_names: Iterable[str], typed: Typed) -> None:
        """Take the full names of the services that are listed for everybody."""
        self._names = sorted(service_names)
        self._typed = typed
        self._pool = descriptor_pool.Default()

    async def answers(
        self, requests: AsyncIterator[ServerReflectionRequest], context: Context
    ) -> AsyncIterator[ServerReflectionResponse]:
        """Answer each question in turn, by what is served at that moment."""
        async for request in requests:
            found = self._answer(request, self._typed(context))
            yield ServerReflectionResponse(original_request=request, **found)

    def _answer(self, request: ServerReflectionRequest, typed: Sequence[Package]) -> dict[str, Any]:
        """Return the one field of the response that answers `request`."""
        try:
            match request.WhichOneof("message_request"):
                case "list_services":
                    names = (*self._names, *(package.contract.service_name for package in typed))
                    listed = [ServiceResponse(name=name) for name in sorted(names)]
                    return {"list_services_response": ListServiceResponse(service=listed)}
                case "file_by_filename":
                    name = request.file_by_filename
                    own = next((package for package in typed if package.file.name == name), None)
                    return self._typed_file(own) or _files(self._pool.FindFileByName(name))
                case "file_containing_symbol":
                    symbol = request.file_containing_symbol
                    own = next((package for package in typed if package.pool.has(symbol)), None)
                    return self._typed_file(own) or _files(self._file_of(symbol))
                case "all_extension_numbers_of_type":  # proto3: there are none.
                    name = request.all_extension_numbers_of_type
                    self._pool.FindMessageTypeByName(name)
                    none = ExtensionNumberResponse(base_type_name=name)
                    return {"all_extension_numbers_response": none}
        except KeyError:
            pass
        code, _ = grpc.StatusCode.NOT_FOUND.value
        return {"error_response": ErrorResponse(error_code=code, error_message="not found")}

    def _typed_file(self, package: Package | None) -> dict[str, Any]:
        """Return the file of a typed service with its comments, and all that it imports."""
        if package is None:
            return {}
        imported = [self._pool.FindFileByName(name) for name in package.file.dependency]
        return _files(*imported, first=package.file)

    def _file_of(self, symbol: str) -> FileDescriptor:
        try:
            return self._pool.FindFileContainingSymbol(symbol)
        except KeyError:
            service, _, method = symbol.rpartition(".")
            found = self._pool.FindServiceByName(service)
            found.methods_by_name[method]
            return found.file


def _files(*files: FileDescriptor, first: FileDescriptorProto | None = None) -> dict[str, Any]:
    """Return files and all that they import, each once, after `first`."""
    found: dict[str, FileDescriptor] = {}
    waiting = [*files]
    while waiting:
        one = waiting.pop()
        if one.name not in found:
            found[one.name] = one
            waiting += one.dependencies
    described = [_described(one) for one in found.values()]
    texts = [one.SerializeToString() for one in ([first] if first else []) + described]
    return {"file_descriptor_response": FileDescriptorResponse(file_descriptor_proto=texts)}


def _described(file: FileDescriptor) -> FileDescriptorProto:
    made = FileDescriptorProto()
    file.CopyToProto(made)
    for message in made.message_type:
        _name_fields(message)
    return made


def _name_fields(message: DescriptorProto) -> None:
    """Fill in the JSON name of every field, as protoc does for the generators it calls."""
    for field in message.field:
        field.json_name = json_name(field.name)
    for nested in message.nested_type:
        _name_fields(nested)


def _describe_v1() -> None:
    """Put v1's descriptor into the default pool, once."""
    pool = descriptor_pool.Default()
    try:
        pool.FindServiceByName(SERVICES[0])
    except KeyError:
        file = FileDescriptorProto()
        DESCRIPTOR.CopyToProto(file)
        pool.AddSerializedFile(_renamed(file).SerializeToString())


def _renamed(file: FileDescriptorProto) -> FileDescriptorProto:
    """Return v1alpha's file under v1's name and package, every reference included."""
    file.name, file.package = "grpc/reflection/v1/reflection.proto", NEW
    for message in file.message_type:
        for field in message.field:
            if field.type_name:
                field.type_name = field.type_name.replace(f".{OLD}.", f".{NEW}.")
    for method in file.service[0].method:
        method.input_type = method.input_type.replace(f".{OLD}.", f".{NEW}.")
        method.output_type = method.output_type.replace(f".{OLD}.", f".{NEW}.")
    return file
