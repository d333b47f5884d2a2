"""Collects the violations of everything that a caller gave, so that all are told at once."""

from typing import Any, ClassVar, TypeVar, cast

from msgspec import UNSET
from msgspec import UnsetType as Unset

from aidevos.core.errors import (
    AidevosError,
    FailedPreconditionError,
    InvalidArgumentError,
    Violation,
)
from aidevos.objects.fields.base import Field, Json, WrongValueError
from aidevos.objects.object import DurableObject, Group
from aidevos.objects.things import find_thing

T = TypeVar("T")
_REQUIRED = WrongValueError("REQUIRED", "is required")


class Checks:
    """Reads given values one by one; `done` refuses if any was wrong.

    A wrong value reads as None, which nothing sees: `done` comes before the values are used.
    `of` names the type of the thing that a reference must lead to.
    """

    refusal: ClassVar[type[AidevosError]] = InvalidArgumentError

    def __init__(self, group: Group) -> None:
        """Begin; references are looked up in `group`."""
        self._group = group
        self._violations: list[Violation] = []

    def required(self, field: Field[T], given: Json, of: type[DurableObject] | None = None) -> T:
        """Return the value; absent and null are REQUIRED."""
        if given is UNSET or given is None:
            return self._wrong(field, _REQUIRED)
        return self._read(field, given, of)

    def optional(
        self, field: Field[T], given: Json, of: type[DurableObject] | None = None
    ) -> T | None:
        """Return the value, or None if absent or null."""
        if given is UNSET or given is None:
            return None
        return self._read(field, given, of)

    def default(self, field: Field[T], given: Json, value: T) -> T:
        """Return the value, or the default `value` if absent; null is REQUIRED."""
        return value if given is UNSET else self.required(field, given)

    def change(
        self, field: Field[T], given: Json, of: type[DurableObject] | None = None
    ) -> T | Unset:
        """Return the new value, or UNSET if absent; null is REQUIRED."""
        if isinstance(given, Unset):
            return given
        value: T = self.required(field, given, of)
        return value

    def change_or_clear(
        self, field: Field[T], given: Json, of: type[DurableObject] | None = None
    ) -> T | Unset | None:
        """Return the new value, None to clear the field, or UNSET if absent."""
        if isinstance(given, Unset):
            return given
        value: T | None = self.optional(field, given, of)
        return value

    def filter(self, field: Field[Any], given: Json) -> Any:
        """Return what a list is filtered by, from a query's text, or UNSET for all."""
        if given is UNSET:
            return UNSET
        try:
            return field.parse(str(given))
        except WrongValueError as error:
            return self._wrong(field, error)

    def done(self) -> None:
        """Raise the refusal with all violations, if there are any."""
        if self._violations:
            text = "; ".join(violation.detail for violation in self._violations)
            raise self.refusal(text, violations=tuple(self._violations))

    def _read(self, field: Field[T], given: Json, of: type[DurableObject] | None) -> T:
        try:
            value = field.read(given)
            field.check(value)
        except WrongValueError as error:
            return self._wrong(field, error)
        if of is not None and find_thing(self._group, of, str(value)) is None:
            return self._wrong(field, WrongValueError("NOT_THERE", "is not there"))
        return value

    def _wrong(self, field: Field[T], error: WrongValueError) -> T:
        detail = f"{field.name} {error.detail}"
        self._violations.append(Violation(field.name, error.reason, detail))
        return cast(T, None)


class Effects(Checks):
    """Fits computed values to their fields; `done` refuses if one is out of its field's bounds."""

    refusal = FailedPreconditionError

    def value(self, field: Field[T], computed: Any) -> T:
        """Return the value; None is REQUIRED."""
        if computed is None:
            return self._wrong(field, _REQUIRED)
        try:
            value = field.fit(computed)
            field.check(value)
        except WrongValueError as error:
            return self._wrong(field, error)
        return value

    def value_or_none(self, field: Field[T], computed: Any) -> T | None:
        """Return the value; None clears the field."""
        return None if computed is None else self.value(field, computed)
