"""Things as their routes show them: the view's fields in order, links made from the request.

Values pass byte for byte, so that a number keeps its digits.
"""

from collections.abc import Mapping

import msgspec

from aidevos.core.errors import HandlerFailedError
from aidevos.doors.app_manifest import View
from aidevos.doors.app_routes import Pattern

Thing = dict[str, msgspec.Raw]

_one = msgspec.json.Decoder(Thing)
_many = msgspec.json.Decoder(list[Thing])


def read_thing(reply: bytes) -> Thing:
    """Return the thing in a method's reply. Raises HandlerFailedError."""
    try:
        return _one.decode(reply)
    except msgspec.MsgspecError as error:
        raise HandlerFailedError(f"the method gave no thing: {error}") from error


def read_things(reply: bytes) -> list[Thing]:
    """Return the things in a method's reply. Raises HandlerFailedError."""
    try:
        return _many.decode(reply)
    except msgspec.MsgspecError as error:
        raise HandlerFailedError(f"the method gave no list of things: {error}") from error


class Shower:
    """Shows things by one view."""

    def __init__(self, view: View) -> None:
        """Compile the view's links."""
        self._fields = view.fields
        self._links = {name: Pattern(path) for name, path in view.links.items()}

    def show(self, thing: Thing, base: str) -> dict[str, object]:
        """Return `thing` with every field of the view; `base` is the API's absolute address."""
        return {
            name: link(self._links[name], thing, base) if name in self._links else thing.get(name)
            for name in self._fields
        }


def link(pattern: Pattern, thing: Thing, base: str) -> str | None:
    """Return the absolute address that `pattern` gives of `thing`; None if a part is absent."""
    try:
        values = {name: _text(thing[name]) for name in pattern.names}
    except KeyError:
        return None
    return base + pattern.fill(values)


def _text(raw: msgspec.Raw) -> str:
    value = msgspec.json.decode(raw)
    if value is None:
        raise KeyError("absent")
    return str(value)


def showers(views: Mapping[str, View]) -> dict[str, Shower]:
    """Return a shower for each view."""
    return {name: Shower(view) for name, view in views.items()}
