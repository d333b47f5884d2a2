"""Kinds whose values are a time (UTC, milliseconds) or a date."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from aidevos.objects.fields.base import Field, Json, wrong_type

_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def time_json(value: datetime | None) -> Json:
    """Return a UTC time as RFC 3339 with milliseconds: `2026-11-25T10:00:00.000Z`."""
    if value is None:
        return None
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def date_json(value: date | None) -> Json:
    """Return a date as `2026-11-25`."""
    return None if value is None else value.isoformat()


@dataclass(frozen=True, slots=True)
class Time(Field[datetime]):
    """A moment: any offset is converted to UTC, and cut to milliseconds."""

    def read(self, given: Json) -> datetime:
        """Return the moment in UTC; a time without offset is none."""
        if not isinstance(given, str) or not _TIME.fullmatch(given):
            raise wrong_type("a time with its zone, such as 2026-11-25T10:00:00Z")
        try:
            value = datetime.fromisoformat(given.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            raise wrong_type("a time that exists, such as 2026-11-25T10:00:00Z") from None
        return value.replace(microsecond=value.microsecond // 1_000 * 1_000)

    def fit(self, computed: Any) -> datetime:
        """Return a computed moment, or the one that the spec's text says."""
        return self.read(computed) if isinstance(computed, str) else computed

    def json(self, value: datetime) -> Json:
        """Return RFC 3339 in UTC with milliseconds."""
        return time_json(value)


@dataclass(frozen=True, slots=True)
class Date(Field[date]):
    """A day of the calendar."""

    def read(self, given: Json) -> date:
        """Return the day."""
        if not isinstance(given, str) or not _DATE.fullmatch(given):
            raise wrong_type("a date such as 2026-11-25")
        try:
            return date.fromisoformat(given)
        except ValueError:
            raise wrong_type("a date that exists, such as 2026-11-25") from None

    def fit(self, computed: Any) -> date:
        """Return a computed day, the day of a moment, or the one that the spec's text says."""
        if isinstance(computed, datetime):
            return computed.date()
        return self.read(computed) if isinstance(computed, str) else computed

    def json(self, value: date) -> Json:
        """Return `2026-11-25`."""
        return date_json(value)
