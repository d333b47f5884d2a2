"""Status and metadata as header fields: percent-encoding, base64, gRPC's codes by number."""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable
from urllib.parse import quote_from_bytes

from aidevos.doors.h2.faults import CallFault

OK, CANCELLED, UNKNOWN, DEADLINE_EXCEEDED = 0, 1, 2, 4
RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE = 8, 12, 13, 14

Field = tuple[bytes, bytes]

_SAFE = "".join(map(chr, range(0x20, 0x7F))).replace("%", "")
_KEY = re.compile(r"[0-9a-z_.\-]+")
_TEXT = re.compile(r"[\x20-\x7e]*")
MESSAGE_CHARS_MAX = 2_000


def status_fields(code: int, message: str = "") -> list[Field]:
    """Return a status as trailers; a long message is cut."""
    fields = [(b"grpc-status", b"%d" % code)]
    if message:
        text = message[:MESSAGE_CHARS_MAX].encode("utf-8", "replace")
        fields.append((b"grpc-message", quote_from_bytes(text, _SAFE).encode()))
    return fields


def metadata_fields(metadata: Iterable[tuple[str, str | bytes]]) -> list[Field]:
    """Return metadata of a handler as fields. Raises ValueError for what cannot be sent."""
    return [_field(name, value) for name, value in metadata]


def _field(name: str, value: str | bytes) -> Field:
    if not _KEY.fullmatch(name):
        raise ValueError(f"metadata: a name has a character that is not allowed: {name!r}")
    if name.endswith("-bin"):
        raw = value.encode() if isinstance(value, str) else bytes(value)
        return name.encode(), b64encode(raw).rstrip(b"=")
    text = value if isinstance(value, str) else bytes(value).decode("latin-1")
    if not _TEXT.fullmatch(text) or text != text.strip():
        raise ValueError(f"metadata: the value of {name} is not printable ASCII")
    return name.encode(), text.encode()


def binary(value: bytes) -> bytes:
    """Return the bytes that a -bin field stands for. Raises CallFault."""
    value = value.strip().rstrip(b"=")
    try:
        return b64decode(value + b"=" * (-len(value) % 4), validate=True)
    except Base64Error as error:
        raise CallFault(INTERNAL, "metadata: a -bin value that is not base64") from error
