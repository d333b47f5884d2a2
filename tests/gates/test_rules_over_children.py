"""A bound of what is computed holds whatever changes it: above all the children it is made of."""

import json

import pytest
from aidevos_agents.gates import Candidate, run_gates
from aidevos_agents.gates.mirror import Mirror
from aidevos_agents.spec import compile_spec
from aidevos_agents.spec.model import App
from aidevos_testing.in_process import in_process
from gate_bundles import bundle_of

SPEC = """# Trips

## Things

### Trip

| field | type         | rule                                             |
|-------|--------------|--------------------------------------------------|
| name  | text         | not empty                                        |
| total | money        | the sum of amount of its expenses, at most 100 EUR |
| count | whole number | the number of its expenses                       |

### Expense

An expense belongs to a trip.

| field  | type  | rule                        |
|--------|-------|-----------------------------|
| amount | money | required, 0.01 to 90.00 EUR |

## Actions

- Anyone can add, change and delete a trip.
- Anyone can add, change and delete an expense.

## Rules

- A trip's count must be at most 3.
"""


@pytest.fixture(scope="module")
def app() -> App:
    found = compile_spec(SPEC).model
    assert found is not None
    return found


async def play(candidate: Candidate) -> list[tuple[int, object]]:
    """Make a trip of 90 EUR, then ask for what breaks its rules, and for what does not."""

    async def ask(method: str, path: str, **body: str) -> tuple[int, object]:
        reply = await candidate.api(method, path, json.dumps(body).encode())
        found = json.loads(reply.body) if reply.body else {}
        errors = [(one["field"], one["reason"]) for one in found.get("errors", ())]
        return reply.status, errors or found.get("id")

    await candidate.fresh()
    _, trip = await ask("POST", "/trips", name="North")
    _, first = await ask("POST", "/expenses", trip=str(trip), amount="90.00")
    answers = [
        await ask("POST", "/expenses", trip=str(trip), amount="10.01"),
        await ask("POST", "/trips", name=""),
    ]
    _, second = await ask("POST", "/expenses", trip=str(trip), amount="5.00")
    answers.append(await ask("PATCH", f"/expenses/{second}", amount="10.01"))
    await ask("PATCH", f"/expenses/{first}", amount="1.00")
    await ask("POST", "/expenses", trip=str(trip), amount="1.00")
    answers.append(await ask("POST", "/expenses", trip=str(trip), amount="1.00"))
    return answers


REFUSED = [
    (422, [("total", "RULE")]),
    (422, [("name", "TOO_SHORT")]),
    (422, [("total", "RULE")]),
    (422, [("count", "RULE")]),
]


async def test_the_interpreter_refuses_a_child_that_breaks_its_parents_rule(app: App) -> None:
    assert await play(Mirror(app)) == REFUSED


async def test_a_generated_app_refuses_it_too_and_passes_every_gate(app: App) -> None:
    async with in_process(bundle_of(app)) as candidate:
        assert await play(candidate) == REFUSED
        reports = await run_gates(app, candidate, 1, lambda report: None)
    assert [line for report in reports for line in report.failures] == []


async def test_the_gates_see_an_app_without_the_rule(app: App) -> None:
    without = compile_spec(SPEC.replace(", at most 100 EUR", "")).model
    assert without is not None
    reports = await run_gates(app, Mirror(without), 1, lambda report: None)
    assert [report.gate for report in reports if report.gate == "boundaries" and report.failed]


async def test_a_given_state_that_only_an_action_sets_is_reached_by_that_action() -> None:
    text = """# Doors

## Things

### Door

| field | type                | rule           |
|-------|---------------------|----------------|
| state | shut, ajar or open  | starts as shut |
| note  | text                |                |

## Actions

- Anyone can add a door, giving its note.
- Anyone can open a door: its state becomes open.
- Anyone can close a door when it is open: it becomes shut.

## Acceptance

```gherkin
Scenario: a door that stands open is closed
  Given a door with state "open"
  When I close the door
  Then the door is shut
```
"""
    doors = compile_spec(text).model
    assert doors is not None
    (last,) = [
        report
        for report in await run_gates(doors, Mirror(doors), 1, lambda report: None)
        if report.gate == "acceptance"
    ]
    assert last.checks > 1
    assert last.failures == ()
