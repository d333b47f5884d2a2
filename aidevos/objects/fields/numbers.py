"""Kinds whose values are exact numbers: whole, number, money. No binary floats are kept."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import msgspec

from aidevos.objects.fields.base import Field, Json, WrongValueError, wrong_type

LIMIT = 2**53 - 1
"""Numbers beyond it, either way, are not the same in every program that reads JSON."""
_WHOLE = re.compile(r"-?[0-9]+")
_MONEY = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_PRECISION = 1_000
"""Digits while reading and rounding: more than any bound lets through."""


def decimals_of(value: Decimal) -> int:
    """Return how many digits after the point the value needs."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def rounded(value: Decimal, decimals: int) -> Decimal:
    """Return the value rounded half up (away from zero) to `decimals` digits after the point."""
    with localcontext() as context:
        context.prec = _PRECISION
        return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP) + 0


def number_json(value: Decimal | int | None) -> Json:
    """Return a JSON number with the value's own digits, without exponent."""
    if value is None or isinstance(value, int):
        return value
    digits = f"{value:f}"
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return msgspec.Raw((digits if digits != "-0" else "0").encode())


def money_json(value: Decimal | int | None, decimals: int = 2) -> Json:
    """Return an amount as JSON text with all its digits after the point."""
    return None if value is None else f"{rounded(Decimal(value), decimals):f}"


def check_bounds(
    value: Decimal | int, minimum: Decimal | int | None, maximum: Decimal | int | None
) -> None:
    """Raise WrongValueError TOO_SMALL or TOO_LARGE; bounds are inclusive."""
    lowest = -LIMIT if minimum is None else max(minimum, -LIMIT)
    highest = LIMIT if maximum is None else min(maximum, LIMIT)
    if value < lowest:
        raise WrongValueError("TOO_SMALL", f"must be at least {lowest}")
    if value > highest:
        raise WrongValueError("TOO_LARGE", f"must be at most {highest}")


@dataclass(frozen=True, slots=True)
class Whole(Field[int]):
    """A whole number."""

    minimum: int | None = None
    maximum: int | None = None

    def read(self, given: Json) -> int:
        """Return the number; 1.0 and true are none."""
        if not isinstance(given, int) or isinstance(given, bool):
            raise wrong_type("a whole number")
        return given

    def parse(self, text: str) -> int:
        """Return the number in digits."""
        if not _WHOLE.fullmatch(text) or len(text) > _PRECISION:
            raise wrong_type("a whole number")
        return int(text)

    def check(self, value: int) -> None:
        """Refuse TOO_SMALL, TOO_LARGE."""
        check_bounds(value, self.minimum, self.maximum)

    def fit(self, computed: Any) -> int:
        """Round half up."""
        return int(rounded(Decimal(computed), 0))


@dataclass(frozen=True, slots=True)
class Number(Field[Decimal]):
    """A decimal number with at most `decimals` digits after the point, if that is said."""

    minimum: Decimal | None = None
    maximum: Decimal | None = None
    decimals: int | None = None

    def read(self, given: Json) -> Decimal:
        """Return the number, exactly as it was written in decimal."""
        if isinstance(given, bool) or not isinstance(given, int | float):
            raise wrong_type("a number")
        return self._limited(
            Decimal(repr(given)) + 0 if isinstance(given, float) else Decimal(given)
        )

    def parse(self, text: str) -> Decimal:
        """Return the number in digits."""
        if not _MONEY.fullmatch(text) or len(text) > _PRECISION:
            raise wrong_type("a number")
        return self._limited(Decimal(text))

    def _limited(self, value: Decimal) -> Decimal:
        if self.decimals is not None and decimals_of(value) > self.decimals:
            raise wrong_type(f"a number with at most {self.decimals} digits after the point")
        return value

    def check(self, value: Decimal) -> None:
        """Refuse TOO_SMALL, TOO_LARGE."""
        check_bounds(value, self.minimum, self.maximum)

    def fit(self, computed: Any) -> Decimal:
        """Round half up, if digits are limited."""
        value = Decimal(computed)
        return value if self.decimals is None else rounded(value, self.decimals)

    def json(self, value: Decimal) -> Json:
        """Return a JSON number with exactly the value's digits."""
        return number_json(value)


@dataclass(frozen=True, slots=True)
class Money(Field[Decimal]):
    """An amount with `decimals` digits after the point; JSON has it as text, `"4.20"`."""

    minimum: Decimal | None = None
    maximum: Decimal | None = None
    decimals: int = 2

    def read(self, given: Json) -> Decimal:
        """Return the amount; a JSON number is none."""
        if not isinstance(given, str) or not _MONEY.fullmatch(given):
            raise wrong_type('an amount in quotes, such as "4.20"')
        if len(given.partition(".")[2]) > self.decimals:
            raise wrong_type(f"an amount with at most {self.decimals} digits after the point")
        return rounded(Decimal(given), self.decimals) if len(given) < _PRECISION else Decimal(given)

    def check(self, value: Decimal) -> None:
        """Refuse TOO_SMALL, TOO_LARGE."""
        check_bounds(value, self.minimum, self.maximum)

    def fit(self, computed: Any) -> Decimal:
        """Round half up."""
        return rounded(Decimal(computed), self.decimals)

    def json(self, value: Decimal) -> Json:
        """Return the amount with all its digits after the point."""
        return money_json(value, self.decimals)
