"""The JSON reply of a call -> the response message. Fast: all is compiled beforehand.

Properties that the message does not have are left out, null is not set, and a value of an enum or
a member of a union that came later is `..._UNSPECIFIED` or not set: so an older version of a
package goes on as far as it can.
"""

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from aidevos.core.call import Answer
from aidevos.core.errors import HandlerFailedError
from aidevos.doors.typed.contract import Contract, Field, Message
from aidevos.doors.typed.pool import Pool
from aidevos.doors.typed.reader import EXACT
from aidevos.doors.typed.schemas import DURATION, TIMESTAMP, VALUE

Build = Callable[[Any], Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ResponseWriter:
    """Writes the responses of one rpc."""

    def __init__(self, contract: Contract, pool: Pool, name: str) -> None:
        """Compile the response message called `name`."""
        message = contract.message(name)
        assert message is not None
        self._class: Any = pool.message(name)
        names = {field.name for field in message.fields if not field.json}
        self._versioned, self._change = "version" in names, "is_repeat" in names
        own = next((field for field in message.fields if field.json), None)
        self._result = own.name if own else ""
        self._build = Writers(contract).of_field(own) if own else None

    def __call__(
        self, answer: Answer, value: Any, request_id: str, next_page_token: str = ""
    ) -> bytes:
        """Return the response of `answer` with the reply `value`, decoded.

        Raises HandlerFailedError if the reply does not fit.
        """
        fields: dict[str, Any] = {"version": answer.version} if self._versioned else {}
        if self._change:
            fields["is_repeat"], fields["request_id"] = answer.repeated, request_id
        if next_page_token:
            fields["next_page_token"] = next_page_token
        try:
            if self._result:
                build = self._build
                fields[self._result] = value if build is None or value is None else build(value)
            raw: bytes = self._class(**fields).SerializeToString()
        except (TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
            raise HandlerFailedError(
                f"the reply does not fit the type that the method declares: {error}; the call "
                "itself is done. ObjectService.Invoke shows the reply as it is"
            ) from error
        return raw


class Writers:
    """Compiles messages; each once, for they may hold themselves."""

    def __init__(self, contract: Contract) -> None:
        """Compile messages of `contract`."""
        self._contract = contract
        self._made: dict[str, Build] = {}

    def of_field(self, field: Field) -> Build | None:
        """Return the function from a field's JSON to what its message takes; None: as it is."""
        build = self._one(field)
        if build is None or field.label == "one":
            return build
        if field.label == "many":
            return lambda items: [*map(build, items)]
        return lambda items: {key: build(value) for key, value in items.items()}

    def _one(self, field: Field) -> Build | None:
        if field.kind == "scalar":
            return base64.b64decode if field.type == "bytes" else None
        if field.kind == "enum":
            enum = self._contract.enum(field.type)
            assert enum is not None
            numbers: Mapping[str | int, int] = {v.json: v.number for v in enum.values}
            return lambda value: numbers.get(value, 0)
        if field.type in _WELL_KNOWN:
            return _WELL_KNOWN[field.type]
        message = self._contract.message(field.type)
        assert message is not None
        return self._message(message)

    def _message(self, message: Message) -> Build:
        if message.name not in self._made:
            made = _Union(message) if message.role == "union" else _Object(message)
            self._made[message.name] = made
            made.compile(self)
        return self._made[message.name]


class _Object:
    """Builds messages with fields of their own."""

    def __init__(self, message: Message) -> None:
        self._fields = message.fields
        self._steps: tuple[tuple[str, str, Build | None], ...] = ()

    def compile(self, writers: Writers) -> None:
        """Make the steps, once the message itself can be referred to."""
        self._steps = tuple((f.json, f.name, writers.of_field(f)) for f in self._fields if f.json)

    def __call__(self, value: Any) -> dict[str, Any]:
        made: dict[str, Any] = {}
        get = value.get
        for json, name, build in self._steps:
            found = get(json)
            if found is not None:
                made[name] = found if build is None else build(found)
        return made


class _Union:
    """Builds messages of which one field is set."""

    def __init__(self, message: Message) -> None:
        self._tag = message.tag
        self._fields = message.fields
        self._members: dict[str, tuple[str, Build | None]] = {}

    def compile(self, writers: Writers) -> None:
        """Make the members' functions."""
        self._members = {f.json: (f.name, writers.of_field(f)) for f in self._fields}

    def __call__(self, value: Any) -> dict[str, Any]:
        name, build = self._members.get(value[self._tag], ("", None))
        return {name: build(value)} if build else {}


def _time(value: str) -> dict[str, int]:
    """Return a Timestamp; a time without a zone is taken for UTC."""
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    past = moment - _EPOCH
    return {"seconds": past.days * 86_400 + past.seconds, "nanos": past.microseconds * 1_000}


def _duration(value: str) -> dict[str, int]:
    """Return a Duration: both parts have one sign."""
    length = msgspec.convert(value, timedelta)
    sign = -1 if length < timedelta(0) else 1
    size = abs(length)
    seconds = size.days * 86_400 + size.seconds
    return {"seconds": sign * seconds, "nanos": sign * size.microseconds * 1_000}


def _any(value: Any) -> dict[str, Any]:
    """Return a google.protobuf.Value; its lists and objects are taken as they are."""
    _need_exact(value)
    match value:
        case None:
            return {"null_value": 0}
        case bool():
            return {"bool_value": value}
        case str():
            return {"string_value": value}
        case int() | float():
            return {"number_value": value}
        case list():
            return {"list_value": value}
    return {"struct_value": value}


def _need_exact(value: Any) -> None:
    """Raise ValueError for a whole number that would be another one as a double."""
    if isinstance(value, int) and abs(value) > EXACT:
        raise ValueError(f"{value} is not exact as a google.protobuf.Value")
    if isinstance(value, list):
        for item in value:
            _need_exact(item)
    elif isinstance(value, dict):
        for item in value.values():
            _need_exact(item)


_WELL_KNOWN: dict[str, Build] = {TIMESTAMP: _time, DURATION: _duration, VALUE: _any}
