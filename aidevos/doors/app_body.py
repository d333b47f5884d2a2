"""Reads the JSON object in a request's body: only the names that a route takes, byte for byte."""

import json
from collections.abc import Iterable
from typing import Any, Never

import msgspec

from aidevos.core.errors import Violation
from aidevos.doors.app_values import Arguments
from aidevos.doors.http_message import Reply
from aidevos.doors.http_problem import problem

_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_UNREADABLE = msgspec.Raw(b"{}")
"""Stands for a text that is no Unicode: no field takes an object, so its method says TYPE."""
_HUGE = 1e308


class MalformedError(Exception):
    """The body is not a JSON object; the text says where."""


def read_object(body: bytes, takes: Iterable[str]) -> Arguments:
    """Return the taken names that are there; an empty body is `{}`. Raises MalformedError."""
    if not body.strip():
        return {}
    try:
        body.decode()
        given = _object.decode(body)
        arguments = {name: given[name] for name in takes if name in given}
        msgspec.json.decode(msgspec.json.encode(arguments))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return _leniently(body, takes, error)
    except RecursionError:
        raise MalformedError("the body is nested too deep") from None
    return arguments


def malformed(error: MalformedError) -> Reply:
    """Return the reply for a body that cannot be read."""
    wrong = Violation("body", "MALFORMED", str(error))
    return problem(400, "INVALID_ARGUMENT", str(error), (wrong,))


def _leniently(body: bytes, takes: Iterable[str], why: Exception) -> Arguments:
    """Read what is JSON by its grammar but beyond what can be kept: lone surrogates, 1e999."""
    try:
        given = json.loads(body.decode(), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise MalformedError(f"the body is not a JSON object: {why}") from None
    if not isinstance(given, dict):
        raise MalformedError(f"the body is not a JSON object: {why}")
    return {name: _kept(given[name]) for name in takes if name in given}


def _kept(value: Any) -> msgspec.Raw:
    """Return `value` as JSON that can be kept and that its field refuses for the same reason."""
    if isinstance(value, float) and abs(value) > _HUGE:
        value = _HUGE if value > 0 else -_HUGE
    try:
        raw = msgspec.json.encode(value)
        msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return _UNREADABLE
    return msgspec.Raw(raw)


def _no_constant(name: str) -> Never:
    raise ValueError(f"{name} is not JSON")
