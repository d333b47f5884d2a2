"""Meanings checked against models written by hand: bounds, lists of takes, choices, mutilation."""

import random
from pathlib import Path

import pytest
from aidevos_agents.spec import compile_spec, render
from aidevos_agents.spec.model import Action, Always, AtMost, Field, Take
from garden import ACTIONS, things

UNSEEN = sorted((Path(__file__).parent / "unseen").glob("*.md"))


def field(column: str, rule: str) -> Field:
    found = compile_spec(things(row=f"| extra | {column} | {rule} |") + ACTIONS)
    assert found.problems == ()
    assert found.draft is not None
    plant = next(one for one in found.draft.things if one.name == "plant")
    return next(one for one in plant.fields if one.name == "extra")


def action(sentence: str) -> Action:
    found = compile_spec(things() + f"\n## Actions\n\n- {sentence}\n")
    assert found.draft is not None
    assert found.coverage.not_understood == ()
    (only,) = found.draft.actions
    return only


@pytest.mark.parametrize(
    ("column", "rule", "low", "high"),
    [
        ("whole number", "more than 0", "1", None),
        ("whole number", "less than 10", None, "9"),
        ("whole number", "at least 2, below 10", "2", "9"),
        ("number", "above 0, 1 decimal", "0.1", None),
        ("money in EUR", "more than 0", "0.01", None),
        ("money", "0.50 EUR to 9 EUR", "0.50", "9.00"),
        ("number", "-3 to -1.5", "-3", "-1.5"),
    ],
)
def test_bounds_are_inclusive_in_the_model(
    column: str, rule: str, low: str | None, high: str | None
) -> None:
    found = field(column, rule)
    assert (found.minimum, found.maximum) == (low, high)


@pytest.mark.parametrize(
    ("column", "rule", "value"),
    [
        ("Seed, Ripe or Gone", "starts as ripe", "Ripe"),
        ("yes, no or perhaps", "no by default", "no"),
        ("yes or no", "starts as no", False),
        ("money in EUR", "starts as 4.5", "4.50"),
        ("number", "starts as 4.50", "4.5"),
        ("time", "starts as 2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00.000Z"),
        ("text", r'starts as "say \"hi\" \| now"', 'say "hi" | now'),
    ],
)
def test_what_it_starts_as_is_a_canonical_value(column: str, rule: str, value: bool | str) -> None:
    assert field(column, rule).default == value


def test_optionally_holds_to_the_end_of_the_list_an_optional_for_one() -> None:
    found = action("Anyone can add a garden, giving an optional size and its name.")
    assert found.takes == (Take("size"), Take("name", required=True))
    found = action("Anyone can add a plant, giving its garden and optionally its name and height.")
    assert found.takes == (Take("garden", required=True), Take("name"), Take("height"))


def test_what_a_new_thing_belongs_to_is_given_though_not_said() -> None:
    found = action("Anyone can add a plant, giving its name.")
    assert found.takes == (Take("garden", required=True), Take("name", required=True))


def test_a_verb_of_the_authors_own_makes_a_thing_that_nothing_else_makes() -> None:
    assert action("Anyone can sow a plant, giving its garden and name.").kind == "create"
    both = "Anyone can add a plant. Anyone can sow a plant, giving its name."
    found = compile_spec(things() + f"\n## Actions\n\n- {both}\n")
    assert found.draft is not None
    assert [one.kind for one in found.draft.actions] == ["create", "custom"]


def test_a_required_field_is_not_taken_optionally() -> None:
    row = "| extra | text | required |"
    rest = ACTIONS.replace("add a plant, change", "add a plant, giving an optional extra, change")
    problems = compile_spec(things(row=row) + rest).problems
    assert [one.what for one in problems] == ["extra is required, but add takes it optionally"]


def test_rules_are_what_they_say() -> None:
    most = "A garden can have at most 3 plants with dry yes."
    later = "The ripens of a plant is after its planted."
    found = compile_spec(things() + f"\n## Rules\n\n- {most} {later}\n")
    assert found.draft is not None
    limit, always = found.draft.rules
    assert isinstance(limit, AtMost)
    assert (limit.most, limit.per, limit.thing) == (3, "garden", "plant")
    assert isinstance(always, Always)
    assert always.holds.op == "gt"  # type: ignore[union-attr]


def test_a_mutilated_spec_never_raises_and_is_never_said_wrong() -> None:
    rng = random.Random(3)
    for path in UNSEEN:
        lines = path.read_text().split("\n")
        for _ in range(3):
            kept = [line for line in lines if rng.random() > 0.15]
            rng.shuffle(kept) if rng.random() < 0.3 else None
            found = compile_spec("\n".join(kept))
            assert (found.model is None) == bool(found.problems)
            if found.draft is not None:
                render(found.draft)
