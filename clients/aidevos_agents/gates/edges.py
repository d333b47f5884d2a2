"""Values on the edge of a field and beyond it, and values of every wrong type."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from aidevos_agents.gates.interpreter.bounds import ITEMS_MOST, NUMBER_MOST, TEXT_LONGEST
from aidevos_agents.gates.interpreter.kinds import money_decimals
from aidevos_agents.gates.samples import CLASS_LETTERS
from aidevos_agents.spec.model import Field

WRONG: dict[str, tuple[object, ...]] = {
    "text": (7, True, Decimal("1.5"), [], {}, "\x00", "a\x00b"),
    "yes_no": ("yes", "true", 1, 0, [], {}, ""),
    "whole": ("1", True, False, Decimal("1.5"), Decimal("1.0"), [], {}),
    "number": ("1.5", True, False, [], {}),
    "money": (4, Decimal("4.2"), True, [], "", "4.", ".5", "4,20", "+4.20", " 4.20", "1e3", "x"),
    "choice": (0, True, [], {}, "", "none of these"),
    "list": ("a", 1, True, {}, [1], [None], [["a"]], ["a\x00"]),
    "date": (
        20260101,
        True,
        [],
        "",
        "2026-02-29",
        "2026-13-01",
        "2026-1-1",
        "2026-01-01T00:00:00Z",
    ),
    "time": (0, True, [], "", "2026-01-01", "2026-01-01T10:00:00", "2026-02-30T10:00:00Z", "now"),
    "link": (0, True, [], "", "example.org", "ftp://example.org/", "http://", "/todos/1"),
    "reference": (0, True, [], "", "nothing", "01890000-0000-7000-8000-000000000000"),
}
GOOD: dict[str, tuple[object, ...]] = {
    "yes_no": (True, False),
    "date": ("2024-02-29", "2026-12-31", "0001-01-01"),
    "time": (
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:30:00.9999+02:00",
        "2026-12-31T23:59:59.1-00:01",
    ),
    "link": ("http://a.example", "https://a.example:8443/b?c=d", "https://1.2.3.4/"),
}


def edges(field: Field) -> Iterator[object]:
    """Yield JSON values to try; the interpreter says what must become of each."""
    yield None
    yield from WRONG[field.kind]
    yield from GOOD.get(field.kind, ())
    match field.kind:
        case "text":
            yield from _texts(field)
        case "whole":
            yield from (int(value) for value in _numbers(field, Decimal(1)))
        case "number":
            yield from _numbers(field, Decimal(1).scaleb(-(field.decimals or 0)))
            yield from _too_fine(field)
        case "money":
            yield from _moneys(field)
        case "choice":
            yield from field.choices
            yield from (choice.upper() for choice in field.choices[:1])
        case "list":
            yield from _lists(field)
        case _:
            pass


def _letters(field: Field) -> str:
    return "".join(CLASS_LETTERS[one] for one in field.characters) or "a"


def _texts(field: Field) -> Iterator[str]:
    letters = _letters(field)
    for length in _lengths(field):
        yield (letters * (length // len(letters) + 1))[:length]
    if not field.characters:
        # Astral characters count once; white space is never trimmed.
        yield "\U0001d11e" * max(1, min(field.longest or 3, 300))
        yield " " * max(1, field.shortest or 0)
    for other in "0aZ- é_٣ａ" if field.characters else "":
        yield letters[0] * max(0, (field.shortest or 1) - 1) + other


def _lengths(field: Field) -> list[int]:
    low, high = field.shortest or 0, TEXT_LONGEST if field.longest is None else field.longest
    return [length for length in (low - 1, low, high, high + 1) if length >= 0]


def _numbers(field: Field, step: Decimal) -> Iterator[Decimal]:
    low, high = -Decimal(NUMBER_MOST), Decimal(NUMBER_MOST)
    yield from (low - 1, low, high, high + 1, Decimal(0))
    for bound in (field.minimum, field.maximum):
        if bound is not None:
            yield from (Decimal(bound) - step, Decimal(bound), Decimal(bound) + step)


def _too_fine(field: Field) -> Iterator[Decimal]:
    inside = Decimal(field.minimum or field.maximum or 1)
    if field.decimals is None:
        yield inside + Decimal("0.125")
        return
    for digits in (field.decimals, field.decimals + 1):
        yield inside + Decimal(1).scaleb(-digits)
        yield inside - Decimal(1).scaleb(-digits)


def _moneys(field: Field) -> Iterator[str]:
    decimals = money_decimals(field)
    for value in _numbers(field, Decimal(1).scaleb(-decimals)):
        yield f"{value:f}"
    inside = Decimal(field.minimum or 0) + 1
    for digits in range(decimals + 2):
        yield f"{inside:.{digits}f}"


def _lists(field: Field) -> Iterator[list[str]]:
    item = "b" * max(1, field.shortest or 1)
    most = ITEMS_MOST if field.most_items is None else field.most_items
    low = field.fewest_items or 0
    for count in sorted({max(0, low - 1), low, most, most + 1}):
        yield [_item(field, index) for index in range(count)]
    yield [item, item]
    yield [item, item.upper()]
    for length in _lengths(field) if field.shortest or field.longest else ():
        yield ["c" * length]


def _item(field: Field, index: int) -> str:
    width = max(len(str(ITEMS_MOST)), field.shortest or 0)
    return str(index).zfill(min(width, field.longest or width))
