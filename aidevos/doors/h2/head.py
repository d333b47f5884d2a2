"""The head of a call: a decoded header list, checked and sorted into what gRPC means by it.

A head is immutable and shared: calls whose header blocks are the same bytes have the same head.
"""

import re
from collections.abc import Iterable

import msgspec

from aidevos.doors.h2.faults import CallFault
from aidevos.doors.h2.status import INTERNAL, RESOURCE_EXHAUSTED, binary

Fields = list[tuple[bytes, bytes]]
Metadata = tuple[tuple[str, str | bytes], ...]

ENTRY_BYTES = 32
"""What HTTP/2 adds to the size of each field."""
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]+")
_BAD_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]|^[ \t]|[ \t]\Z")
_PSEUDO = frozenset((b":method", b":path", b":scheme", b":authority"))
_OF_CONNECTIONS = frozenset(
    (b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade")
)
_OURS = frozenset(
    (
        b"te",
        b"host",
        b"content-type",
        b"content-length",
        b"grpc-timeout",
        b"grpc-encoding",
        b"grpc-accept-encoding",
    )
)
_TIMEOUT = re.compile(r"([0-9]{1,8})([HMSmun])", re.ASCII)
_UNITS_S = {"H": 3_600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a call begins with."""

    method: str
    path: str
    authority: str = ""
    content_type: str = ""
    content_length: int = -1
    """Bytes of the body as announced; -1: not announced."""
    timeout_s: float | None = None
    encoding: str = "identity"
    """How compressed messages of the request are packed."""
    gzip: bool = False
    """Whether the caller takes answers packed with gzip."""
    metadata: Metadata = ()
    """What handlers see; values of names that end in -bin are bytes."""
    refusal: CallFault | None = None
    """Why no handler shall see this call."""

    @property
    def grpc(self) -> bool:
        """Whether this is a gRPC call at all."""
        kind = self.content_type
        return self.method == "POST" and kind.startswith("application/grpc") and kind[16:17] != "-"


def parse(fields: Fields, metadata_bytes_max: int) -> Head:
    """Return the head that `fields` are. Raises ValueError for what is no request."""
    pseudo, rest = _split(fields)
    _check_pseudo(pseudo)
    single: dict[bytes, bytes] = {name: value for name, value in rest if name in _OURS}
    head = Head(
        method=_text(pseudo[b":method"]),
        path=_text(pseudo[b":path"]),
        authority=_text(pseudo.get(b":authority", single.get(b"host", b""))),
        content_type=_text(single.get(b"content-type", b"")),
        content_length=_length(rest),
    )
    size = sum(len(name) + len(value) + ENTRY_BYTES for name, value in fields)
    try:
        if size > metadata_bytes_max:
            why = f"metadata of {size} bytes: at most {metadata_bytes_max}"
            raise CallFault(RESOURCE_EXHAUSTED, why)
        return msgspec.structs.replace(head, **_grpc_fields(single), metadata=_metadata(rest))
    except CallFault as fault:
        return msgspec.structs.replace(head, refusal=fault)


def check_trailers(fields: Fields) -> None:
    """Raises ValueError for trailers that are none."""
    pseudo, _ = _split(fields)
    if pseudo:
        raise ValueError("a pseudo-header in trailers")


def _split(fields: Fields) -> tuple[dict[bytes, bytes], Fields]:
    """Return pseudo-headers and the rest; every field is checked."""
    pseudo: dict[bytes, bytes] = {}
    rest: Fields = []
    for name, value in fields:
        if _BAD_VALUE.search(value):
            raise ValueError("a header with a value that HTTP forbids")
        if name[:1] == b":":
            if rest or name in pseudo or name not in _PSEUDO:
                raise ValueError("a pseudo-header out of place")
            pseudo[name] = value
        else:
            _check_field(name, value)
            rest.append((name, value))
    return pseudo, rest


def _check_field(name: bytes, value: bytes) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError("a header with a name that HTTP forbids")
    if name in _OF_CONNECTIONS or (name == b"te" and value != b"trailers"):
        raise ValueError("a header that belongs to HTTP/1")


def _check_pseudo(pseudo: dict[bytes, bytes]) -> None:
    for name in (b":method", b":scheme", b":path"):
        if not pseudo.get(name):
            raise ValueError("a request without method, scheme or path")


def _length(fields: Fields) -> int:
    found = {value for name, value in fields if name == b"content-length"}
    if not found:
        return -1
    value = found.pop()
    if found or not value.isdigit() or len(value) > 15:
        raise ValueError("content-length is no number")
    return int(value)


def _grpc_fields(single: dict[bytes, bytes]) -> dict[str, object]:
    accepted = _text(single.get(b"grpc-accept-encoding", b"")).split(",")
    return {
        "timeout_s": timeout_s(_text(single.get(b"grpc-timeout", b""))),
        "encoding": _text(single.get(b"grpc-encoding", b"identity")),
        "gzip": "gzip" in (name.strip() for name in accepted),
    }


def timeout_s(text: str) -> float | None:
    """Return a grpc-timeout in seconds, None for "". Raises CallFault for a broken one."""
    if not text:
        return None
    found = _TIMEOUT.fullmatch(text)
    if found is None:
        raise CallFault(INTERNAL, "grpc-timeout: 1 to 8 digits and one of H M S m u n")
    return int(found[1]) * _UNITS_S[found[2]]


def _metadata(fields: Fields) -> Metadata:
    return tuple(pair for field in fields if field[0] not in _OURS for pair in _pairs(*field))


def _pairs(name: bytes, value: bytes) -> Iterable[tuple[str, str | bytes]]:
    text = _text(name)
    if not name.endswith(b"-bin"):
        return ((text, _text(value)),)
    return ((text, binary(part)) for part in value.split(b","))


def _text(value: bytes) -> str:
    return value.decode("latin-1")
