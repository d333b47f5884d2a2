"""Nothing is understood and then ignored: what would not be enforced is refused with its line."""

import pytest
from aidevos_agents.spec import compile_spec
from aidevos_agents.spec.expr import Compare, Literal, Path
from aidevos_agents.spec.model import Always, App
from garden import ACTIONS, things

TRIPS = """# Trips

## Things

### Trip

| field | type  | rule |
|-------|-------|------|
| name  | text  |      |
| limit | money in USD | |
| total | money | the sum of amount of its costs {total} |

### Cost

A cost belongs to a trip.

| field  | type  | rule           |
|--------|-------|----------------|
| amount | money | at least 0 EUR |
| fee    | money in USD |         |
{row}

## Actions

- Anyone can add, change and delete a trip. Anyone can add, change and delete a cost.
{action}

## Rules

{rule}
"""


def told(total: str = "", row: str = "", action: str = "", rule: str = "") -> list[str]:
    text = TRIPS.format(total=total, row=row, action=action, rule=rule)
    return [one.sentence("x.md") for one in compile_spec(text).problems]


def trips(total: str = "", rule: str = "") -> App:
    found = compile_spec(TRIPS.format(total=total, row="", action="", rule=rule))
    assert [one.sentence() for one in found.problems] == []
    assert found.model is not None
    return found.model


@pytest.mark.parametrize(
    ("total", "rule"),
    [
        (", at most 100 EUR", ""),
        (", never above 100 EUR", ""),
        ("", "A trip's total must be at most 100 EUR."),
        ("", "The total of a trip is never more than 100 EUR."),
        ("", "For every trip, its total is at most 100 EUR."),
    ],
)
def test_a_bound_of_what_is_computed_is_a_rule_that_always_holds(total: str, rule: str) -> None:
    app = trips(total, rule)
    holds = Compare("le", Path(("total",)), Literal(100))
    assert app.rules == (Always(thing="trip", holds=holds),)
    field = app.things[0].fields[2]
    assert (field.source, field.maximum, field.currency) == ("derived", None, "EUR")


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({"rule": "The amount of a cost is at most 5 USD."}, "amount is not in USD"),
        ({"rule": "For every trip, its total is at most 5 USD."}, "total is in EUR, not USD"),
        ({"rule": "For every trip, its total is at most its limit."}, "limit in USD"),
        ({"total": ", at most 5 USD"}, "total is in USD, amount in EUR"),
        ({"row": "| both | money | amount plus fee |"}, "amount is in EUR, fee in USD"),
        ({"row": "| both | money | amount plus 5 USD |"}, "amount is in EUR, not USD"),
        ({"row": "| tip | money | starts as 5 USD, at least 1 EUR |"}, "tip is not in EUR"),
        ({"row": "| tip | money | |\n| sum | money | tip plus 5 USD |"}, "tip has no currency"),
        ({"action": "- Anyone can pay a cost: its amount becomes its fee."}, "fee in USD"),
        ({"action": "- Anyone can pay a cost: its amount goes up by 1 USD."}, "not USD"),
        ({"action": "- Anyone can pay a cost when its fee is 1 EUR: its fee becomes 0 USD."},
         "fee is in USD, not EUR"),
    ],
)  # fmt: skip
def test_two_currencies_never_meet(said: dict[str, str], what: str) -> None:
    (only,) = told(**said)
    assert what.casefold() in only.casefold()
    assert not only.startswith("x.md:0")


def test_currencies_are_told_apart_through_computed_fields_as_well() -> None:
    later = "| sum | money | twice plus fee |\n| twice | money | amount times 2 |"
    (only,) = told(row=later)
    assert "EUR and USD are mixed" in only
    assert only.startswith("x.md:21:1  ")


@pytest.mark.parametrize(
    ("action", "what"),
    [
        ("Anyone can move a cost, giving its trip.", "the trip of a cost never changes"),
        ("Anyone can change the trip of a cost.", "the trip of a cost never changes"),
        ("Anyone can move a cost to a trip, giving its fee: its fee becomes 0.", "says nothing"),
        ("Anyone can pay a cost, giving its fee and its fee.", "fee is named twice"),
        ("Anyone can pay a cost: its fee becomes 1 and its fee becomes 2.", "fee is named twice"),
        ("Anyone can pay a cost: it is deleted and its fee becomes 2.", "no other effect"),
    ],
)
def test_what_an_action_would_ignore_is_refused(action: str, what: str) -> None:
    (only,) = told(action=f"- {action}")
    assert what.casefold() in only.casefold()
    assert only.startswith(("x.md:25:", "x.md:26:"))


@pytest.mark.parametrize(
    "rule",
    [
        "height plus 1, unique",
        "height plus 1, starts as 3",
        "height plus 1, required",
    ],
)
def test_a_computed_field_has_no_rule_of_a_given_one(rule: str) -> None:
    found = compile_spec(things(row=f"| extra | number | {rule} |") + ACTIONS)
    (only,) = [one.sentence("x.md") for one in found.problems]
    assert "Extra is kept by itself" in only


def test_a_row_with_more_cells_than_columns_is_refused() -> None:
    found = compile_spec(things(row="| extra | text | required | secret |") + ACTIONS)
    (only,) = [one.sentence("x.md") for one in found.problems]
    assert only.startswith("x.md:28:")
    assert "more cells than the table has columns" in only


def test_of_several_verbs_that_only_take_fields_that_makes_the_thing_which_takes_its_parent() -> (
    None
):
    text = TRIPS.format(total="", row="", action="", rule="").replace(
        "Anyone can add, change and delete a cost.",
        "Anyone can book a cost, giving its trip and amount. Anyone can tax a cost, giving fee.",
    )
    found = compile_spec(text).model
    assert found is not None
    kinds = {one.verb: one.kind for one in found.actions if one.thing == "cost"}
    assert kinds == {"book": "create", "tax": "custom"}
