"""Pages of a list: `limit`, `cursor`, and the Link to what follows.

A cursor names the last thing shown and how many were before it. The list goes on after that
thing; if it is gone meanwhile, where it was.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from aidevos.core.errors import InvalidArgumentError, Violation
from aidevos.doors.app_views import Thing
from aidevos.doors.http_message import Request

LIMIT_MAX = 1_000
AnyThing = Mapping[str, Any]
"""A thing whose values are JSON, decoded or not."""
T = TypeVar("T", bound=AnyThing)

_cursor: msgspec.msgpack.Decoder[tuple[int, str]] = msgspec.msgpack.Decoder(tuple[int, str])


def page(things: list[Thing], request: Request) -> tuple[list[Thing], str]:
    """Return what to show, and the address of the next page or an empty text.

    Raises InvalidArgumentError that names `limit` or `cursor`.
    """
    shown, cursor = cut(things, _limit(request.value("limit")), request.value("cursor"))
    return shown, _next(request, cursor) if cursor else ""


def cut(things: list[T], limit: int | None, cursor: str) -> tuple[list[T], str]:
    """Return the things of one page (None: all that follow), and the next page's cursor or "".

    Raises InvalidArgumentError that names `cursor`.
    """
    start = _start(things, cursor)
    shown = things[start:] if limit is None else things[start : start + limit]
    end = start + len(shown)
    if limit is None or end >= len(things):
        return shown, ""
    return shown, _encode(end, things[end - 1])


def _limit(value: str) -> int | None:
    if not value:
        return None
    if not (value.isascii() and value.isdecimal()):
        raise _wrong("limit", "TYPE", f"limit must be a whole number from 1 to {LIMIT_MAX}")
    number = int(value[:20])
    if number < 1:
        raise _wrong("limit", "TOO_SMALL", "limit must be at least 1")
    if number > LIMIT_MAX:
        raise _wrong("limit", "TOO_LARGE", f"limit must be at most {LIMIT_MAX}")
    return number


def _start(things: Sequence[AnyThing], cursor: str) -> int:
    if not cursor:
        return 0
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        before, last = _cursor.decode(raw)
    except (binascii.Error, msgspec.MsgspecError, ValueError):
        raise _wrong("cursor", "NOT_THERE", "cursor is not one that a list gave") from None
    for index in (before - 1, *range(len(things))):
        if 0 <= index < len(things) and _id(things[index]) == last:
            return int(index) + 1
    return max(0, min(int(before) - 1, len(things)))


def _encode(before: int, last: AnyThing) -> str:
    raw = msgspec.msgpack.encode((before, _id(last)))
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _id(thing: AnyThing) -> str:
    found = thing.get("id")
    value = msgspec.json.decode(found) if isinstance(found, msgspec.Raw) else found
    return "" if value is None else str(value)


def _next(request: Request, cursor: str) -> str:
    query = [pair for pair in request.query if pair[0] != "cursor"]
    path = "/".join(quote(segment, safe="") for segment in request.segments)
    return f"{request.origin}/{path}?{urlencode([*query, ('cursor', cursor)])}"


def _wrong(field: str, reason: str, sentence: str) -> InvalidArgumentError:
    return InvalidArgumentError(sentence, violations=(Violation(field, reason, sentence),))
