"""Lists of things: sorted, searched, and cut into pages."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from aidevos.objects.fields.base import Field, WrongValueError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class By(Generic[T]):
    """One sort key: absent values (None) come last in both directions."""

    key: Callable[[T], Any] | None
    """None is age: the order of making."""
    descending: bool = False


def ordered(oldest_first: Sequence[T], *keys: By[T]) -> list[T]:
    """Return the things sorted by the first key, ties by the next, and at last oldest first."""
    aged = list(enumerate(oldest_first))
    for by in reversed(keys):
        aged = _by_age(aged, by.descending) if by.key is None else _by_key(aged, by.key, by)
    return [thing for _, thing in aged]


def _by_age(aged: list[tuple[int, T]], descending: bool) -> list[tuple[int, T]]:
    return sorted(aged, key=lambda entry: entry[0], reverse=descending)


def _by_key(aged: list[tuple[int, T]], key: Callable[[T], Any], by: By[T]) -> list[tuple[int, T]]:
    keyed = [(key(entry[1]), entry) for entry in aged]
    present = [pair for pair in keyed if pair[0] is not None]
    present.sort(key=lambda pair: pair[0], reverse=by.descending)
    return [entry for _, entry in (*present, *(pair for pair in keyed if pair[0] is None))]


def searched(found: Sequence[T], words: str, *texts: Callable[[T], object]) -> list[T]:
    """Return the things that have `words` in one of their `texts`, whatever the case."""
    wanted = words.casefold()
    return [thing for thing in found if any(_in_text(wanted, text(thing)) for text in texts)]


def _in_text(wanted: str, value: object) -> bool:
    return wanted in ("" if value is None else str(value).casefold())


def filtered(
    found: Sequence[T], field: Field[Any], text: str, value_of: Callable[[T], Any]
) -> list[T]:
    """Return the things whose value `text` names (a list: has it); no text: all, nonsense: none."""
    if not text:
        return list(found)
    try:
        wanted = field.parse(text)
    except WrongValueError:
        return []
    return [thing for thing in found if _has(value_of(thing), wanted)]


def _has(value: object, wanted: object) -> bool:
    return wanted in value if isinstance(value, tuple) else value == wanted


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """One page of a list that is shown page by page; `number` is 1-based."""

    items: list[T]
    count: int
    """Things on all pages."""
    number: int
    pages: int


def sliced(found: Sequence[T], number: str, size: int | None) -> Slice[T]:
    """Return a page; what is no number is the first. No size: all on one."""
    if size is None:
        return Slice(list(found), len(found), 1, 1)
    wanted = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 1
    wanted = max(wanted, 1)
    pages = max(1, math.ceil(len(found) / size))
    return Slice(list(found[(wanted - 1) * size : wanted * size]), len(found), wanted, pages)
