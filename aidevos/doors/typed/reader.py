"""Requests as clients send them -> the JSON payload of a call. Fast: all is compiled beforehand.

What proto checks is checked; the rest (bounds, formats, what is required) the handler judges, as
for every other door, so that all doors refuse alike.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any, NamedTuple

import msgspec
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

from aidevos.core.errors import InvalidArgumentError
from aidevos.doors.typed.contract import ONEOF, Contract, Enum, Field, Message
from aidevos.doors.typed.pool import Pool
from aidevos.doors.typed.schemas import DURATION, TIMESTAMP, VALUE

Convert = Callable[[Any], Any]
Step = tuple[str, str, Convert | None]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NANOS = range(1_000_000_000)
EXACT = 2**53
"""Up to here every whole number is a double of its own."""
_encode = msgspec.json.Encoder().encode


class WrongError(ValueError):
    """A value that no JSON of this method can hold; `path` names its field."""

    def __init__(self, detail: str, path: str = "") -> None:
        """Say what it must be."""
        super().__init__(detail)
        self.path = path


class Asked(NamedTuple):
    """A request, read."""

    key: str
    payload: bytes
    request_id: str
    expected_version: int | None
    page_size: int | None
    page_token: str


class RequestReader:
    """Reads the requests of one rpc."""

    def __init__(self, contract: Contract, pool: Pool, name: str) -> None:
        """Compile the request message called `name`."""
        message = contract.message(name)
        assert message is not None
        self._package = contract.package_name
        self._class: Any = pool.message(name)
        self._read = Readers(contract).of(message)
        platform = {field.name for field in message.fields if not field.json}
        self._key = next((name for name in ("key", "id") if name in platform), "")
        self._change, self._versioned = "request_id" in platform, "expected_version" in platform
        self._paged = "page_size" in platform
        self._nullable = {f.name: f.json for f in message.fields if f.nullable}

    def __call__(self, raw: bytes) -> Asked:
        """Return what `raw` asks for. Raises InvalidArgumentError that names the field."""
        try:
            message = self._class.FromString(raw)
            values = self._read(message)
            if self._nullable:
                self._clear(message, values)
        except DecodeError as error:
            raise InvalidArgumentError(f"the request is no message: {error}") from error
        except WrongError as error:
            raise InvalidArgumentError(f"{error.path}: {error}", field=error.path) from error
        change, versioned, paged = self._change, self._versioned, self._paged
        return Asked(
            getattr(message, self._key) if self._key else "",
            _encode(values),
            message.request_id if change else "",
            message.expected_version
            if versioned and message.HasField("expected_version")
            else None,
            message.page_size if paged and message.HasField("page_size") else None,
            message.page_token if paged else "",
        )

    def _clear(self, message: Any, values: dict[str, Any]) -> None:
        for name in message.clear:
            json = self._nullable.get(name)
            if json is None:
                known = ", ".join(self._nullable)
                raise WrongError(f"{name!r} cannot be cleared; these can: {known}", "clear")
            if json in values:
                raise WrongError(f"{name} is both set and cleared", "clear")
            values[json] = None


class Readers:
    """Compiles messages; each once, for they may hold themselves."""

    def __init__(self, contract: Contract) -> None:
        """Compile messages of `contract`."""
        self._contract = contract
        self._made: dict[str, Convert] = {}

    def of(self, message: Message) -> Convert:
        """Return the function from a message to the JSON object of it."""
        if message.name not in self._made:
            made = _Union(message) if message.role == "union" else _Object(message)
            self._made[message.name] = made
            made.compile(self)
        return self._made[message.name]

    def convert(self, field: Field) -> Convert | None:
        """Return the function for one value of a field; None where it is JSON as it is."""
        if field.kind == "scalar":
            return _finite if field.type == "double" else None
        if field.kind == "enum":
            enum = self._contract.enum(field.type)
            assert enum is not None
            return _enum(enum)
        if field.type in _WELL_KNOWN:
            return _WELL_KNOWN[field.type]
        message = self._contract.message(field.type)
        assert message is not None
        return self.of(message)


class _Object:
    """Reads messages with fields of their own."""

    def __init__(self, message: Message) -> None:
        self._message = message
        self._constants = dict(message.constants)
        self._ones: tuple[Step, ...] = ()
        self._lists: tuple[Step, ...] = ()
        self._maps: tuple[Step, ...] = ()
        self._absent: tuple[tuple[str, Any], ...] = ()

    def compile(self, readers: Readers) -> None:
        """Make the steps, once the message itself can be referred to."""
        own = [field for field in self._message.fields if field.json]
        steps = [(f.label, (f.name, f.json, readers.convert(f))) for f in own]
        self._ones, self._lists, self._maps = (
            tuple(step for label, step in steps if label == wanted)
            for wanted in ("one", "many", "map")
        )
        kinds: dict[tuple[str, str], Any] = {("many", "empty"): [], ("map", "empty"): {}}
        self._absent = tuple(
            (f.json, kinds.get((f.label, f.absent))) for f in own if f.absent != "omit"
        )

    def __call__(self, message: Any) -> dict[str, Any]:
        values: dict[str, Any] = dict(self._constants)
        name = ""
        try:
            for name, json, convert in self._ones:
                if message.HasField(name):
                    value = getattr(message, name)
                    values[json] = value if convert is None else convert(value)
            for name, json, convert in self._lists:
                if found := getattr(message, name):
                    values[json] = list(found) if convert is None else [*map(convert, found)]
            for name, json, convert in self._maps:
                if found := getattr(message, name):
                    values[json] = {
                        key: found[key] if convert is None else convert(found[key]) for key in found
                    }
        except WrongError as error:
            path = f"{name}.{error.path}" if error.path else name
            raise WrongError(str(error), path) from None
        for json, absent in self._absent:
            values.setdefault(json, absent)
        unknown = UnknownFieldSet(message)
        if len(unknown):
            self._refuse(unknown)
        return values

    def _refuse(self, unknown: Any) -> None:
        number = unknown[0].field_number
        raise WrongError(
            f"{self._message.name} has no field of number {number} in this version of the "
            "service: make the stubs again from what it exports now",
            str(number),
        )


class _Union:
    """Reads messages of which one field is set: the JSON object of that one."""

    def __init__(self, message: Message) -> None:
        self._names = ", ".join(field.name for field in message.fields)
        self._fields = message.fields
        self._members: dict[str, Convert | None] = {}

    def compile(self, readers: Readers) -> None:
        """Make the members' functions."""
        self._members = {field.name: readers.convert(field) for field in self._fields}

    def __call__(self, message: Any) -> Any:
        name = message.WhichOneof(ONEOF)
        if name is None:
            raise WrongError(f"one of {self._names} must be set")
        convert = self._members[name]
        assert convert is not None, "members are messages"
        try:
            return convert(getattr(message, name))
        except WrongError as error:
            raise WrongError(str(error), f"{name}.{error.path}") from None


def _enum(enum: Enum) -> Convert:
    values: Mapping[int, str | int] = {value.number: value.json for value in enum.values}
    names = ", ".join(value.name for value in enum.values)

    def convert(number: int) -> str | int:
        try:
            return values[number]
        except KeyError:
            raise WrongError(f"{number} is none of {names}") from None

    return convert


def _finite(value: float) -> float:
    if not isfinite(value):
        raise WrongError("must be a finite number")
    return value


def _time(value: Any) -> datetime:
    nanos = value.nanos
    if nanos not in _NANOS or nanos % 1_000:
        raise WrongError("nanos must be whole microseconds, 0 to 999,999,000")
    try:
        return _EPOCH + timedelta(seconds=value.seconds, microseconds=nanos // 1_000)
    except OverflowError:
        raise WrongError("must be a time of the years 1 to 9999") from None


def _duration(value: Any) -> timedelta:
    if value.nanos % 1_000:
        raise WrongError("nanos must be whole microseconds")
    try:
        return timedelta(seconds=value.seconds, microseconds=value.nanos // 1_000)
    except OverflowError:
        raise WrongError("is too long") from None


def _any(value: Any) -> Any:
    """Return the JSON of a google.protobuf.Value; whole numbers stay whole."""
    match value.WhichOneof("kind"):
        case "number_value":
            number = _finite(value.number_value)
            return int(number) if number.is_integer() and abs(number) <= EXACT else number
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [_any(item) for item in value.list_value.values]
        case "struct_value":
            return {name: _any(item) for name, item in value.struct_value.fields.items()}
        case "null_value":
            return None
    raise WrongError("a google.protobuf.Value must have a kind")


_WELL_KNOWN: dict[str, Convert] = {TIMESTAMP: _time, DURATION: _duration, VALUE: _any}
