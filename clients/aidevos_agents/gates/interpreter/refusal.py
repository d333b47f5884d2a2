"""A request that is refused: status, reason, and the fields that are to blame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class FieldError(NamedTuple):
    """One entry of a problem's `errors`."""

    field: str
    reason: str


class Violation(Exception):  # noqa: N818 - control flow inside the interpreter, never shown
    """A value does not fit its field; `reason` as the answer names it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Refusal(Exception):  # noqa: N818 - control flow inside the interpreter, never shown
    """The request is refused and nothing is changed.

    `errors` None: not compared. `named`: fields that may be listed with reason STATE, or none be.
    """

    status: int
    reason: str
    errors: tuple[FieldError, ...] | None = ()
    named: tuple[str, ...] = ()


def not_there() -> Refusal:
    """Return the refusal of a request for a thing, or a path, that is not there."""
    return Refusal(404, "NOT_FOUND", None)
