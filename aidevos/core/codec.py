"""The one place where stored values become bytes and back (ADR-0004). Pure.

Records are MessagePack; what users wrote (payloads, events, states) stays JSON inside them,
so that a history can be read by people and tools without the types that made it.
"""

from typing import Any, TypeVar

import msgspec

from aidevos.core.record import Recorded

T = TypeVar("T")

_encoder = msgspec.msgpack.Encoder()
_records = msgspec.msgpack.Decoder(tuple[Recorded, ...])
_json = msgspec.json.Encoder()


def encode(value: object) -> bytes:
    """Return `value` as MessagePack."""
    return _encoder.encode(value)


def decode(raw: bytes, kind: type[T]) -> T:
    """Return the value of type `kind`; raises msgspec.DecodeError on anything else."""
    return msgspec.msgpack.decode(raw, type=kind)


def encode_records(records: tuple[Recorded, ...]) -> bytes:
    """Return a batch body."""
    return _encoder.encode(records)


def encode_record(record: Recorded) -> msgspec.Raw:
    """Return one record as it stands in a batch body.

    Raises OverflowError, TypeError or UnicodeEncodeError for values that no row can keep.
    """
    return msgspec.Raw(_encoder.encode(record))


def decode_records(body: bytes) -> tuple[Recorded, ...]:
    """Return the records of a batch body."""
    return _records.decode(body)


def to_json(value: object) -> bytes:
    """Return `value` as compact JSON."""
    return _json.encode(value)


def from_json(raw: bytes) -> Any:
    """Return plain Python values of a JSON text."""
    return msgspec.json.decode(raw)
