"""What every kind of field is: a name, how a JSON value is read, and which values fit."""

from dataclasses import KW_ONLY, dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

T = TypeVar("T")
Json = Any
"""A JSON value as a caller gave it, not checked; UNSET if it gave none. Also a reply."""
Texts = tuple[str, ...]
Moment = datetime
Day = date
"""Types of values under names that no field can have: `date: Day`, not `date: date`."""


class WrongValueError(Exception):
    """A value does not fit its field: `reason` for programs, `detail` for people."""

    def __init__(self, reason: str, detail: str) -> None:
        """Say what is wrong; `detail` goes on after the field's name, as in `must be text`."""
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Field(Generic[T]):
    """One field. T is the type of its values in states and events."""

    name: str
    _: KW_ONLY

    def read(self, given: Json) -> T:
        """Return the value in a JSON value that is not null. WrongValueError with reason TYPE."""
        raise NotImplementedError

    def parse(self, text: str) -> Any:
        """Return what a list is filtered by, from a query string. WrongValueError TYPE."""
        return self.read(text)

    def check(self, value: T) -> None:
        """Raise WrongValueError if the value is out of bounds; the first reason that applies."""

    def fit(self, computed: Any) -> T:
        """Return a computed value as this field keeps it: numbers are rounded half up."""
        value: T = computed
        return value

    def json(self, value: T) -> Json:
        """Return the value as replies show it."""
        return value

    def order(self, value: T | None) -> Any:
        """Return what values of this field are compared and sorted by; None for None."""
        return value


def wrong_type(expected: str) -> WrongValueError:
    """Return the error for a JSON value of another type."""
    return WrongValueError("TYPE", f"must be {expected}")
