"""A numbered contract -> FileDescriptorProto with comments: what pools, reflection and export use.

Scalars are `optional`, each with the synthetic oneof that proto3 wants; so absent is not zero, and
zeros are printed. JSON names are filled in, or grpcurl would print snake_case.
"""

from collections.abc import Iterable, Sequence

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    ServiceDescriptorProto,
)

from aidevos.doors.typed.contract import ONEOF, Contract, Enum, Field, Message, Reserved, Rpc
from aidevos.doors.typed.names import camel, json_name, upper
from aidevos.doors.typed.schemas import DURATION, TIMESTAMP, VALUE

FILES = {
    TIMESTAMP: "google/protobuf/timestamp.proto",
    DURATION: "google/protobuf/duration.proto",
    VALUE: "google/protobuf/struct.proto",
}
"""Where the well-known types are defined."""

_F = FieldDescriptorProto
_TYPES = {
    "bool": _F.TYPE_BOOL,
    "int64": _F.TYPE_INT64,
    "double": _F.TYPE_DOUBLE,
    "string": _F.TYPE_STRING,
    "bytes": _F.TYPE_BYTES,
}
_KINDS = {"message": _F.TYPE_MESSAGE, "enum": _F.TYPE_ENUM}
# Field numbers in descriptor.proto, of which paths to comments are made.
_MESSAGE, _ENUM, _SERVICE, _PACKAGE = 4, 5, 6, 2
_FIELD_OF_MESSAGE, _VALUE_OF_ENUM, _METHOD_OF_SERVICE = 2, 2, 2

Path = tuple[int, ...]


def file_name(contract: Contract) -> str:
    """Return for example `counter/v1/counter.proto`."""
    return f"{contract.package}/v{contract.major}/{contract.package}.proto"


def file_of(contract: Contract) -> FileDescriptorProto:
    """Return the file of a contract."""
    return _File(contract).made


class _File:
    """One file in the making."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self.made = FileDescriptorProto(
            name=file_name(contract), package=contract.package_name, syntax="proto3"
        )
        folder = f"{contract.package}/v{contract.major}"
        self.made.options.go_package = f"{folder};{contract.package}v{contract.major}"
        self.made.dependency.extend(_imports(contract.messages))
        for index, message in enumerate(contract.messages):
            self._message(index, message)
        for index, enum in enumerate(contract.enums):
            self._enum(index, enum)
        self._service()

    def _comment(self, path: Path, text: str) -> None:
        if text.strip():
            place = self.made.source_code_info.location.add(path=path, span=(0, 0, 0))
            place.leading_comments = "".join(
                f" {line}".rstrip() + "\n" for line in text.strip().splitlines()
            )

    def _message(self, index: int, message: Message) -> None:
        made = self.made.message_type.add(name=message.name)
        self._comment((_MESSAGE, index), message.doc)
        _reserve(made, message.reserved)
        if message.role == "union":
            made.oneof_decl.add(name=ONEOF)
        for place, field in enumerate(message.fields):
            self._comment((_MESSAGE, index, _FIELD_OF_MESSAGE, place), field.doc)
            self._field(made, field, in_oneof=message.role == "union")
        _add_presence(made)

    def _field(self, message: DescriptorProto, field: Field, *, in_oneof: bool) -> None:
        made = message.field.add(
            name=field.name, number=field.number, json_name=json_name(field.name)
        )
        made.label = _F.LABEL_OPTIONAL if field.label == "one" else _F.LABEL_REPEATED
        if field.label == "map":
            entry = self._map_entry(message, field)
            made.type = _F.TYPE_MESSAGE
            made.type_name = f"{self._full(message.name)}.{entry}"
            return
        self._set_type(made, field)
        if in_oneof:
            made.oneof_index = 0
        elif field.label == "one" and field.kind != "message" and not _always_set(field):
            made.proto3_optional = True

    def _set_type(self, made: FieldDescriptorProto, field: Field) -> None:
        if field.kind == "scalar":
            made.type = _TYPES[field.type]
            return
        made.type = _KINDS[field.kind]
        made.type_name = f".{field.type}" if field.type in FILES else self._full(field.type)

    def _map_entry(self, message: DescriptorProto, field: Field) -> str:
        entry = message.nested_type.add(name=f"{camel(field.name)}Entry")
        entry.options.map_entry = True
        for number, name in ((1, "key"), (2, "value")):
            part = entry.field.add(name=name, json_name=name, number=number)
            part.label, part.type = _F.LABEL_OPTIONAL, _F.TYPE_STRING
        self._set_type(entry.field[1], field)
        return entry.name

    def _full(self, name: str) -> str:
        return f".{self.made.package}.{name}"

    def _enum(self, index: int, enum: Enum) -> None:
        made = self.made.enum_type.add(name=enum.name)
        self._comment((_ENUM, index), enum.doc)
        self._comment((_ENUM, index, _VALUE_OF_ENUM, 0), "Not said.")
        made.value.add(name=f"{upper(enum.name)}_UNSPECIFIED", number=0)
        for place, value in enumerate(enum.values, start=1):
            self._comment((_ENUM, index, _VALUE_OF_ENUM, place), f"In JSON: {value.json}")
            made.value.add(name=value.name, number=value.number)
        for gone in enum.reserved:
            made.reserved_range.add(start=gone.number, end=gone.number)
            made.reserved_name.append(gone.name)

    def _service(self) -> None:
        made = self.made.service.add(name=self._contract.service)
        self._comment((_SERVICE, 0), self._contract.doc)
        for index, rpc in enumerate(self._contract.rpcs):
            self._comment((_SERVICE, 0, _METHOD_OF_SERVICE, index), rpc.doc)
            self._rpc(made, rpc)

    def _rpc(self, service: ServiceDescriptorProto, rpc: Rpc) -> None:
        made = service.method.add(name=rpc.name)
        made.input_type, made.output_type = self._full(rpc.request), self._full(rpc.response)
        if rpc.watch:
            made.server_streaming = True


def _imports(messages: Iterable[Message]) -> list[str]:
    used = {FILES[f.type] for m in messages for f in m.fields if f.type in FILES}
    return sorted(used)


def _reserve(made: DescriptorProto | EnumDescriptorProto, reserved: Sequence[Reserved]) -> None:
    for gone in reserved:
        made.reserved_range.add(start=gone.number, end=gone.number + 1)
        made.reserved_name.append(gone.name)


def _always_set(field: Field) -> bool:
    """Whether zero says nothing: no key is no key, and no repeat is none."""
    return not field.json and field.name in ("key", "id", "is_repeat")


def _add_presence(made: DescriptorProto) -> None:
    """Give each optional field its oneof; those come after all that are written."""
    for field in made.field:
        if field.proto3_optional:
            field.oneof_index = len(made.oneof_decl)
            made.oneof_decl.add(name=f"_{field.name}")
