"""Server reflection as v1 and v1alpha: the same messages under two names.

grpcio-reflection knows v1alpha alone; newer tools ask for v1 first. The packages differ in
nothing but their name, so one servicer answers both, and v1's descriptor is made here.
"""

from collections.abc import Iterable

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.reflection import aio as reflection

OLD, NEW = "grpc.reflection.v1alpha", "grpc.reflection.v1"
SERVICES = (f"{NEW}.ServerReflection", f"{OLD}.ServerReflection")


def add_reflection(server: grpc.aio.Server, service_names: Iterable[str]) -> None:
    """Serve the descriptors of `service_names` and of reflection itself."""
    _describe_v1()
    servicer = reflection.ReflectionServicer((*service_names, *SERVICES))
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    methods = {"ServerReflectionInfo": handler}
    server.add_generic_rpc_handlers(
        tuple(grpc.method_handlers_generic_handler(name, methods) for name in SERVICES)
    )


def _describe_v1() -> None:
    """Put v1's descriptor into the default pool, once."""
    pool = descriptor_pool.Default()
    try:
        pool.FindServiceByName(SERVICES[0])
    except KeyError:
        file = FileDescriptorProto()
        reflection_pb2.DESCRIPTOR.CopyToProto(file)
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
