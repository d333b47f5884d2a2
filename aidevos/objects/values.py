"""Computing with values that may be absent (None): what specs say of guards and derived values.

Arithmetic with an absent operand is absent. A comparison of order with one is false, so the caller
of an `..._or_absent` form says the opposite: that what is absent holds. All numbers are exact.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from msgspec import UNSET

from aidevos.objects.fields.numbers import rounded as _rounded

T = TypeVar("T")
Amount = Decimal | int


def less(left: Any, right: Any) -> bool:
    """Whether both are there and left is before right."""
    return left is not None and right is not None and bool(left < right)


def at_most(left: Any, right: Any) -> bool:
    """Whether both are there and left is not after right."""
    return left is not None and right is not None and bool(left <= right)


def less_or_absent(left: Any, right: Any) -> bool:
    """Whether left is before right, or one of them is not there."""
    return left is None or right is None or bool(left < right)


def at_most_or_absent(left: Any, right: Any) -> bool:
    """Whether left is not after right, or one of them is not there."""
    return left is None or right is None or bool(left <= right)


def equal_or_absent(left: Any, right: Any) -> bool:
    """Whether left is right, or one of them is not there."""
    return left is None or right is None or bool(left == right)


def different_or_absent(left: Any, right: Any) -> bool:
    """Whether left is not right, or one of them is not there."""
    return left is None or right is None or bool(left != right)


def given(value: Any) -> Any:
    """Return what a caller gave, None for nothing."""
    return None if value is UNSET else value


def day(value: datetime | None) -> date | None:
    """Return the day of a time, in UTC."""
    return None if value is None else value.date()


def add(left: Amount | None, right: Amount | None) -> Amount | None:
    """Return the sum."""
    return None if left is None or right is None else left + right


def subtract(left: Amount | None, right: Amount | None) -> Amount | None:
    """Return the difference."""
    return None if left is None or right is None else left - right


def multiply(left: Amount | None, right: Amount | None) -> Amount | None:
    """Return the product."""
    return None if left is None or right is None else left * right


def divide(left: Amount | None, right: Amount | None) -> Decimal | None:
    """Return the exact quotient (28 digits); there is none by zero."""
    return None if left is None or not right else Decimal(left) / Decimal(right)


def total(values: Iterable[Amount | None]) -> Amount:
    """Return the sum of those that are there; of none 0."""
    return sum(value for value in values if value is not None)


def average(values: Iterable[Amount | None]) -> Decimal | None:
    """Return the average of those that are there; of none there is none."""
    present = [Decimal(value) for value in values if value is not None]
    return sum(present, Decimal(0)) / len(present) if present else None


def smallest(values: Iterable[T | None], order: Callable[[T], Any]) -> T | None:
    """Return the first in `order` of those that are there; of none there is none."""
    return min((value for value in values if value is not None), key=order, default=None)


def largest(values: Iterable[T | None], order: Callable[[T], Any]) -> T | None:
    """Return the last in `order` of those that are there; of none there is none."""
    return max((value for value in values if value is not None), key=order, default=None)


def itself(value: T) -> T:
    """Return the value: the order of numbers and times."""
    return value


def exact(value: Amount | None) -> Decimal | None:
    """Return the number as a decimal one."""
    return None if value is None else Decimal(value)


def rounded(value: Amount | None, decimals: int) -> Decimal | None:
    """Return the value rounded half up to so many digits after the point."""
    return None if value is None else _rounded(Decimal(value), decimals)


def whole(value: Amount | None) -> int | None:
    """Return the value rounded half up to a whole number."""
    return None if value is None else int(_rounded(Decimal(value), 0))
