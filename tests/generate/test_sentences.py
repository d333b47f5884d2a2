"""Refusals say the rule: what holds, when, and how many there can be."""

import pytest
from aidevos_agents.generate.project import Project
from aidevos_agents.generate.sentences import (
    always_sentence,
    at_most_sentence,
    guard_sentence,
    in_use_sentence,
)
from aidevos_agents.spec import compile_spec
from aidevos_agents.spec.model import AtMost

SPEC = """# Tools

## Things

### Tool

| field | type | rule |
|-------|------|------|
| name | text | required |

### Loan

A loan belongs to a tool.

| field | type | rule |
|-------|------|------|
| starts | date | required |
| due | date | required |
| returned_on | date | optional |
| fee | money | at least 0 |
| state | open, late or returned | starts as open |

## Actions

- Anyone can add a tool, giving its name.
- Anyone can make a loan, giving its tool, its starts, its due,
  an optional returned_on and an optional fee.
- Anyone can take back a loan when {guard}: its state becomes returned.

## Rules

- {rule}
"""


def project(
    guard: str = "its state is open", rule: str = "There can be at most 99 loans."
) -> Project:
    compiled = compile_spec(SPEC.format(guard=guard, rule=rule))
    assert compiled.model is not None, compiled.problems
    return Project(compiled.model, {})


@pytest.mark.parametrize(
    ("guard", "said"),
    [
        ("its state is open", "its state is open"),
        ("its state is open or its state is late", "its state is open or late"),
        ("not (its state is returned)", "its state is not returned"),
        ("its due is after its starts", "its due is after its starts"),
        ("its fee is given and its fee is at most 5", "its fee is given and its fee is at most 5"),
        ("its returned_on is empty", "its returned on is empty"),
        ('the name of its tool is "Saw"', "the name of its tool is Saw"),
    ],
)  # fmt: skip
def test_a_guard_says_when_it_is_possible(guard: str, said: str) -> None:
    found = project(guard)
    action = next(one for one in found.app.actions if one.kind == "custom")
    sentence = guard_sentence(found, found.thing("loan"), action)
    assert sentence == f"a loan can be taken back only when {said}"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("For every loan, its due is after its starts.", "due must be after starts"),
        ("For every loan, its due is not its starts.", "due must not be starts"),
        (
            "For every loan, its state is not returned or its returned_on is given.",
            "if state is returned, returned on must be given",
        ),
        ("For every loan, its fee is at most 5 and its due is given.",
         "fee must be at most 5 and due must be given"),
        (
            "For every tool, the number of its loans where (its state is open) is less than 3.",
            "the number of loans with state open must be less than 3",
        ),
    ],
)  # fmt: skip
def test_a_rule_says_what_must_hold(rule: str, said: str) -> None:
    found = project(rule=rule)
    (one,) = found.app.rules
    assert not isinstance(one, AtMost)
    assert always_sentence(found, one) == said


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (
            "For each tool there can be at most 1 loan where its state is open.",
            "a tool can have at most 1 loan with state open",
        ),
        (
            "There can be at most 9 loans where its fee is more than 5.",
            "there can be at most 9 loans where its fee is more than 5",
        ),
        ("For each tool there can be at most 2 loans.", "a tool can have at most 2 loans"),
    ],
)
def test_a_limit_says_how_many_there_can_be(rule: str, said: str) -> None:
    found = project(rule=rule)
    (one,) = found.app.rules
    assert isinstance(one, AtMost)
    assert at_most_sentence(found, one) == said


def test_what_is_in_use_says_by_what() -> None:
    child, field, _, _ = project().ties()[0]
    assert in_use_sentence(child, field) == "a tool with loans cannot be deleted"
