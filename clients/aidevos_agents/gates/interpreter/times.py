"""Dates and times as text: RFC 3339, UTC, milliseconds."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", flags=re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", flags=re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def time_text(time_ms: int) -> str:
    """Return milliseconds of Unix time as `2026-11-25T10:00:00.000Z`."""
    return _text(_EPOCH + timedelta(milliseconds=time_ms))


def canonical_time(text: str) -> str | None:
    """Return RFC 3339 text in UTC, cut to milliseconds; None if it is no time with a zone."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    fraction = match.group(1) or ""
    whole = text.replace(fraction, "", 1) if fraction else text
    try:
        moment = datetime.fromisoformat(whole.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return _text(moment + timedelta(milliseconds=int((fraction[1:] + "000")[:3])))


def canonical_date(text: str) -> str | None:
    """Return the date if it is one, written `2026-11-25`; else None."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def _text(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
