"""The message classes of one revision of a contract: a descriptor pool of its own.

Two revisions, two tenants or two apps never meet in one pool, so none can be wrong for another.
"""

from google.protobuf import descriptor_pool, duration_pb2, struct_pb2, timestamp_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

IMPORTED = (timestamp_pb2.DESCRIPTOR, duration_pb2.DESCRIPTOR, struct_pb2.DESCRIPTOR)
"""What contracts refer to; importing the modules puts it into the default pool as well."""


class Pool:
    """Message classes by name."""

    def __init__(self, file: FileDescriptorProto) -> None:
        """Build the descriptors of `file` and of what it imports."""
        self._package = file.package
        self._pool = descriptor_pool.DescriptorPool()
        for imported in IMPORTED:
            if imported.name in file.dependency:
                self._pool.AddSerializedFile(imported.serialized_pb)
        bare = FileDescriptorProto()
        bare.CopyFrom(file)
        bare.ClearField("source_code_info")
        self._pool.AddSerializedFile(bare.SerializeToString())

    def message(self, name: str) -> type[Message]:
        """Return the class of a message of the contract."""
        return GetMessageClass(self._pool.FindMessageTypeByName(f"{self._package}.{name}"))

    def has(self, symbol: str) -> bool:
        """Whether a message, enum, service, method or field of that full name is defined."""
        if not symbol.startswith(f"{self._package}."):
            return False
        try:
            self._pool.FindFileContainingSymbol(symbol)
        except KeyError:
            return self._has_method(symbol)
        return True

    def _has_method(self, symbol: str) -> bool:
        service, _, method = symbol.rpartition(".")
        try:
            return method in self._pool.FindServiceByName(service).methods_by_name
        except KeyError:
            return False
