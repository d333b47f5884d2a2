"""Fields by kind: what is read, and the first reason why a value is refused."""

from decimal import Decimal
from typing import Any

import pytest

from aidevos.core import codec
from aidevos.objects import fields, values
from aidevos.objects.fields import Field, WrongValueError
from aidevos.objects.listing import By, filtered, ordered, searched, sliced

TITLE = fields.Text("title", shortest=2, longest=3)
CODE = fields.Text("code", characters=("digits", "capital letters", "dashes"))
LEVEL = fields.Whole("level", minimum=-1, maximum=2)
RATE = fields.Number("rate", decimals=1, maximum=Decimal("4.5"))
PRICE = fields.Money("price", minimum=Decimal("0.01"))
STATUS = fields.Choice("status", choices=("new", "done"))
TAGS = fields.Items("tags", fewest_items=1, most_items=2, shortest=1, distinct=True)
SINCE, DAY, HOME, DONE = (
    fields.Time("since"),
    fields.Date("day"),
    fields.Link("home"),
    fields.YesNo("done"),
)


def judged(field: Field[object], given: object) -> object:
    try:
        value = field.read(given)
        field.check(value)
    except WrongValueError as error:
        return error.reason
    return codec.from_json(codec.to_json(field.json(value)))


@pytest.mark.parametrize(
    ("field", "given", "result"),
    [
        (TITLE, "ab", "ab"),
        (TITLE, "a", "TOO_SHORT"),
        (TITLE, "𝄞𝄞𝄞", "𝄞𝄞𝄞"),
        (TITLE, "abcd", "TOO_LONG"),
        (TITLE, "a\x00", "TYPE"),
        (TITLE, 7, "TYPE"),
        (CODE, "A-1", "A-1"),
        (CODE, "a", "CHARACTERS"),
        (CODE, "x" * 10_001, "TOO_LONG"),
        (LEVEL, -1, -1),
        (LEVEL, -2, "TOO_SMALL"),
        (LEVEL, 3, "TOO_LARGE"),
        (LEVEL, True, "TYPE"),
        (LEVEL, 1.0, "TYPE"),
        (fields.Whole("any"), 2**53 - 1, 2**53 - 1),
        (fields.Whole("any"), 2**53, "TOO_LARGE"),
        (RATE, 4.5, 4.5),
        (RATE, 4.6, "TOO_LARGE"),
        (RATE, 4.25, "TYPE"),
        (RATE, "4", "TYPE"),
        (PRICE, "4.2", "4.20"),
        (PRICE, "4.205", "TYPE"),
        (PRICE, "0.00", "TOO_SMALL"),
        (PRICE, 4.2, "TYPE"),
        (STATUS, "done", "done"),
        (STATUS, "Done", "NOT_A_CHOICE"),
        (TAGS, ["a", "b"], ["a", "b"]),
        (TAGS, [], "TOO_FEW"),
        (TAGS, ["a", "b", "c"], "TOO_MANY"),
        (TAGS, ["", 5], "TOO_SHORT"),
        (TAGS, ["a", 5], "TYPE"),
        (TAGS, ["a", "a"], "REPEATED"),
        (TAGS, "a", "TYPE"),
        (SINCE, "2026-11-25T12:00:00.9999+02:00", "2026-11-25T10:00:00.999Z"),
        (SINCE, "2026-11-25T12:00:00", "TYPE"),
        (SINCE, "2026-02-30T12:00:00Z", "TYPE"),
        (SINCE, "0001-01-01T00:00:00+01:00", "TYPE"),
        (DAY, "2026-11-25", "2026-11-25"),
        (DAY, "20261125", "TYPE"),
        (HOME, "https://example.org/a?b#c", "https://example.org/a?b#c"),
        (HOME, "javascript:alert(1)", "TYPE"),
        (HOME, "https:///nowhere", "TYPE"),
        (DONE, False, False),
        (DONE, 0, "TYPE"),
    ],
)
def test_a_value_is_read_or_refused_for_its_first_reason(
    field: Field[object], given: object, result: object
) -> None:
    assert judged(field, given) == result


def test_numbers_keep_their_digits_and_have_no_exponent() -> None:
    shown = [fields.number_json(Decimal(text)) for text in ("4.50", "1E+20", "0.00001", "-0.0")]
    assert codec.to_json(shown) == b"[4.5,100000000000000000000,0.00001,0]"


def test_halves_are_rounded_away_from_zero() -> None:
    rounded = [values.rounded(Decimal(text), 1) for text in ("0.25", "-0.25", "0.249")]
    assert rounded == [Decimal("0.3"), Decimal("-0.3"), Decimal("0.2")]
    assert (values.whole(Decimal("2.5")), values.whole(None)) == (3, None)


def test_an_absent_operand_makes_conditions_false_and_rules_true() -> None:
    assert not values.less(None, 1)
    assert not values.at_most(1, None)
    assert values.less_or_absent(None, 1)
    assert values.equal_or_absent(1, None)
    assert values.add(1, None) is None
    assert values.divide(1, 0) is None


def test_sums_over_nothing_are_zero_and_averages_are_not_there() -> None:
    assert values.total([None]) == 0
    assert values.average([None]) is None
    assert values.average([1, None, 2]) == Decimal("1.5")
    assert values.smallest([None, 3, 2]) == 2
    assert values.largest_in(STATUS.order, ["done", "new", None]) == "done"


def test_absent_values_are_last_in_both_directions_and_ties_oldest_first() -> None:
    pairs = [("a", 2), ("b", None), ("c", 1), ("d", 2)]
    key: By[Any] = By(lambda pair: pair[1])
    down: By[Any] = By(lambda pair: pair[1], descending=True)
    newest: By[Any] = By(None, descending=True)
    assert [name for name, _ in ordered(pairs, key)] == ["c", "a", "d", "b"]
    assert [name for name, _ in ordered(pairs, down)] == ["a", "d", "c", "b"]
    assert [name for name, _ in ordered(pairs, down, newest)] == ["d", "a", "c", "b"]


def test_a_page_is_searched_filtered_and_cut() -> None:
    words = ["Straße", "strasse", "Weg"]
    assert searched(words, "STRASSE", str) == ["Straße", "strasse"]
    assert filtered(words, STATUS, "nonsense", str) == []
    assert filtered(words, STATUS, "", str) == words
    page = sliced(words, "2", 2)
    assert (page.items, page.count, page.pages) == (["Weg"], 3, 2)
    assert sliced(words, "9", 2).items == []
    assert sliced(words, "x", 2).number == 1
