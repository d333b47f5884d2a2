"""Computing with values that may be absent (None): what specs say of guards and derived values.

Arithmetic with an absent operand is absent. A comparison of order with one is false, so the caller
of an `..._or_absent` form says the opposite: that what is absent holds. All numbers are exact.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Context, Decimal
from functools import reduce
from typing import Any, TypeVar

from msgspec import UNSET

from aidevos.objects.fields.numbers import rounded as _rounded

T = TypeVar("T")
Amount = Decimal | int
EXACT = Context(prec=100)
"""More digits than any sum or product of the numbers that fields hold."""


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
    return None if left is None or right is None else EXACT.add(left, right)


def subtract(left: Amount | None, right: Amount | None) -> Amount | None:
    """Return the difference."""
    return None if left is None or right is None else EXACT.subtract(left, right)


def multiply(left: Amount | None, right: Amount | None) -> Amount | None:
    """Return the product."""
    return None if left is None or right is None else EXACT.multiply(left, right)


def divide(left: Amount | None, right: Amount | None) -> Decimal | None:
    """Return the quotient, to so many digits as EXACT has; there is none by zero."""
    return None if left is None or not right else EXACT.divide(left, right)


def total(values: Iterable[Amount | None]) -> Decimal:
    """Return the sum of those that are there; of none 0."""
    return reduce(EXACT.add, (value for value in values if value is not None), Decimal(0))


def average(values: Iterable[Amount | None]) -> Decimal | None:
    """Return the average of those that are there; of none there is none."""
    present = [value for value in values if value is not None]
    return EXACT.divide(total(present), len(present)) if present else None


def smallest(values: Iterable[T | None]) -> T | None:
    """Return the smallest number or first time of those that are there; of none there is none."""
    return smallest_in(_itself, values)


def largest(values: Iterable[T | None]) -> T | None:
    """Return the largest number or last time of those that are there; of none there is none."""
    return largest_in(_itself, values)


def smallest_in(order: Callable[[T], Any], values: Iterable[T | None]) -> T | None:
    """Return the first in `order` of those that are there; of none there is none."""
    return min((value for value in values if value is not None), key=order, default=None)


def largest_in(order: Callable[[T], Any], values: Iterable[T | None]) -> T | None:
    """Return the last in `order` of those that are there; of none there is none."""
    return max((value for value in values if value is not None), key=order, default=None)


def _itself(value: T) -> T:
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
