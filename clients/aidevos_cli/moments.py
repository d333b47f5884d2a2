"""Protobuf timestamps as people read them, and as programs do (RFC 3339)."""

from google.protobuf.timestamp_pb2 import Timestamp


def iso(moment: Timestamp) -> str | None:
    """Return RFC 3339 UTC with milliseconds, or None for a time that is not there."""
    if not moment.seconds:
        return None
    return f"{moment.ToDatetime().isoformat(timespec='milliseconds')}Z"


def clock(moment: Timestamp) -> str:
    """Return `HH:MM:SS.mmm` in UTC, or nothing."""
    return f"{moment.ToDatetime():%H:%M:%S.%f}"[:-3] if moment.seconds else ""


def seconds(begin: Timestamp, end: Timestamp) -> float | None:
    """Return the seconds between two times, or None if one is not there."""
    if not begin.seconds or not end.seconds:
        return None
    return round((end.ToNanoseconds() - begin.ToNanoseconds()) / 1e9, 3)
