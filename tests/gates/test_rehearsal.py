"""A scenario that the spec contradicts is refused before anything is generated, with its line."""

from pathlib import Path

import pytest
from aidevos_agents.gates.rehearsal import rehearsed
from aidevos_agents.spec import Compilation, compile_spec

LOAN = """# Loans

## Things

### Loan

| field  | type            | rule                          |
|--------|-----------------|-------------------------------|
| item   | text            | required, 1 to 20 characters  |
| starts | date            | required                      |
| due    | date            | required                      |
| status | open or closed  | starts as open                |

## Actions

- Anyone can add a loan, giving its item, its starts and its due.
- Anyone can close a loan while its status is open: its status becomes closed.

## Rules

- For every loan, its due is after its starts.
- There can be at most 2 loans where its status is open.

## Pages

- **Loans**: all loans.

## Acceptance

```gherkin
Background:
  Given a loan with item "saw", starts "2026-01-01" and due "2026-01-03"

Scenario: it works
  {step}
```
"""
START = 35


def told(*steps: str) -> list[str]:
    found = rehearsed(compiled(*steps))
    assert (found.model is None) is bool(found.problems)
    return [f"{one.line}: {one.what}" for one in found.problems]


def compiled(*steps: str) -> Compilation:
    found = compile_spec(LOAN.replace("{step}", "\n  ".join(steps)))
    assert found.problems == ()
    return found


def expects(line: int, claim: str, answer: str) -> list[str]:
    said = f'the scenario "it works" expects: {claim}; the spec answers: {answer}'
    return [f"{line}: {said}"]


ADD = 'When I add a loan with item "axe", starts "2026-01-02" and due "2026-01-01"'
RULE = (
    '"due" and "starts" break the rule: For every loan, its due is more than its starts (line 21)'
)


def test_what_comes_true_is_no_problem() -> None:
    assert told("When I close the loan", 'Then the loan has status "closed"') == []
    assert told(ADD, 'Then it is refused because "due" breaks a rule') == []


def test_a_refusal_for_another_reason_is_told_with_the_rule_that_is_broken() -> None:
    found = told("When I close the loan", ADD, 'Then it is refused because "due" is too small')
    claim = 'it is refused because "due" is too small'
    assert found == expects(START + 2, claim, f"add is refused because {RULE}")


def test_what_should_be_refused_and_is_done_is_told() -> None:
    found = told("When I close the loan", "Then it is refused")
    assert found == expects(START + 1, "it is refused", "close is done")


def test_what_should_be_done_and_is_refused_is_told_with_the_condition() -> None:
    found = told("When I close the loan", "And I close the loan")
    answer = 'close is refused because its condition does not hold: its status is "open"'
    assert found == expects(START + 1, "I close the loan", answer)


def test_a_limit_is_told_with_its_rule() -> None:
    add = ADD.replace("2026-01-01", "2026-01-09")
    found = told(add, add)
    rule = 'There can be at most 2 loans where its status is "open" (line 22)'
    assert found[0].endswith(f'add is refused because "loan" breaks the rule: {rule}')
    assert found[0].startswith(f"{START + 1}: ")


def test_wrong_values_and_counts_are_told() -> None:
    found = told('Then the loan has status "closed"')
    assert found == expects(START, 'the loan has status "closed"', 'its status is "open"')
    found = told('Then "Loans" shows 3 loans')
    assert found == expects(START, '"Loans" shows 3 loans', '"Loans" shows 1')


def test_what_cannot_be_there_at_the_beginning_is_told_with_the_reason() -> None:
    found = told('Given a loan with item ""', "When I close the loan")
    answer = 'add is refused because "item" is too short'
    assert found == expects(START, 'a loan with item ""', answer)


def test_what_the_background_cannot_have_is_told_at_its_line() -> None:
    text = LOAN.replace('due "2026-01-03"', 'due "2025-01-03"')
    (problem,) = rehearsed(compile_spec(text.replace("{step}", "When I close the loan"))).problems
    assert problem.line == START - 3
    assert "break the rule" in problem.what


def test_a_condition_names_its_fields() -> None:
    closed = "When I close the loan"
    assert told(closed, closed, 'Then it is refused because "status" does not allow it') == []


UNSEEN = sorted((Path(__file__).parents[1] / "spec" / "unseen").glob("*.md"))


@pytest.mark.parametrize("path", UNSEEN, ids=lambda path: path.stem)
def test_specs_that_do_not_contradict_themselves_pass(path: Path) -> None:
    assert rehearsed(compile_spec(path.read_text())).problems == ()
