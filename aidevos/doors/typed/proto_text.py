"""A FileDescriptorProto -> the text of a .proto file, comments included.

protoc compiles the text to the same descriptor. What a typed service never uses (extensions,
options of fields, nested types other than maps) is not written.
"""

from collections.abc import Iterator, Sequence

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    MethodDescriptorProto,
)

_F = FieldDescriptorProto
_SCALARS = {
    _F.TYPE_BOOL: "bool",
    _F.TYPE_INT64: "int64",
    _F.TYPE_DOUBLE: "double",
    _F.TYPE_STRING: "string",
    _F.TYPE_BYTES: "bytes",
}
_MESSAGE, _ENUM, _SERVICE, _PART = 4, 5, 6, 2
Path = tuple[int, ...]


def proto_text(file: FileDescriptorProto) -> str:
    """Return the file as text."""
    return "\n".join(_Text(file).lines()) + "\n"


class _Text:
    """Writes one file."""

    def __init__(self, file: FileDescriptorProto) -> None:
        self._file = file
        self._comments = {
            tuple(place.path): place.leading_comments for place in file.source_code_info.location
        }

    def lines(self) -> Iterator[str]:
        """Yield the file's lines: service first, as readers want it."""
        file = self._file
        yield from ('syntax = "proto3";', "", f"package {file.package};", "")
        for name in file.dependency:
            yield f'import "{name}";'
        if file.dependency:
            yield ""
        yield f'option go_package = "{file.options.go_package}";'
        for index, service in enumerate(file.service):
            yield from ("", *self._comment((_SERVICE, index), ""), f"service {service.name} {{")
            for place, method in enumerate(service.method):
                yield from self._comment((_SERVICE, index, _PART, place), "  ")
                yield f"  {self._rpc(method)}"
            yield "}"
        for index, message in enumerate(file.message_type):
            yield from ("", *self._message(index, message))
        for index, enum in enumerate(file.enum_type):
            yield from ("", *self._enum(index, enum))

    def _comment(self, path: Path, indent: str) -> Iterator[str]:
        for line in self._comments.get(path, "").splitlines():
            yield f"{indent}//{line}"

    def _local(self, type_name: str) -> str:
        return type_name.removeprefix(f".{self._file.package}.").removeprefix(".")

    def _rpc(self, method: MethodDescriptorProto) -> str:
        stream = "stream " if method.server_streaming else ""
        asked, answered = self._local(method.input_type), self._local(method.output_type)
        return f"rpc {method.name}({asked}) returns ({stream}{answered});"

    def _message(self, index: int, message: DescriptorProto) -> Iterator[str]:
        yield from self._comment((_MESSAGE, index), "")
        if not message.field and not message.reserved_range:
            yield f"message {message.name} {{}}"
            return
        yield f"message {message.name} {{"
        yield from _reserved([r.start for r in message.reserved_range], message.reserved_name)
        indent, inside = "  ", False
        for place, field in enumerate(message.field):
            starts = field.HasField("oneof_index") and not field.proto3_optional
            if starts and not inside:
                yield f"  oneof {message.oneof_decl[field.oneof_index].name} {{"
                indent, inside = "    ", True
            yield from self._comment((_MESSAGE, index, _PART, place), indent)
            yield f"{indent}{self._field(message, field)} = {field.number};"
        if inside:
            yield "  }"
        yield "}"

    def _field(self, message: DescriptorProto, field: FieldDescriptorProto) -> str:
        entries = {entry.name: entry for entry in message.nested_type}
        entry = entries.get(field.type_name.rpartition(".")[2])
        if entry is not None and field.type_name.endswith(f".{message.name}.{entry.name}"):
            return f"map<string, {self._type(entry.field[1])}> {field.name}"
        label = "repeated " if field.label == _F.LABEL_REPEATED else ""
        label = "optional " if field.proto3_optional else label
        return f"{label}{self._type(field)} {field.name}"

    def _type(self, field: FieldDescriptorProto) -> str:
        return _SCALARS.get(field.type) or self._local(field.type_name)

    def _enum(self, index: int, enum: EnumDescriptorProto) -> Iterator[str]:
        yield from self._comment((_ENUM, index), "")
        yield f"enum {enum.name} {{"
        yield from _reserved([r.start for r in enum.reserved_range], enum.reserved_name)
        for place, value in enumerate(enum.value):
            yield from self._comment((_ENUM, index, _PART, place), "  ")
            yield f"  {value.name} = {value.number};"
        yield "}"


def _reserved(numbers: Sequence[int], names: Sequence[str]) -> Iterator[str]:
    if numbers:
        yield f"  reserved {', '.join(map(str, numbers))};"
        yield "  reserved " + ", ".join(f'"{name}"' for name in names) + ";"
