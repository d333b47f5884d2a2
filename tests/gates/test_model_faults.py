"""A candidate that is right by another model is caught: the gates see each thing a model says."""

import random

import pytest
from aidevos_agents.gates.mirror import Mirror
from aidevos_agents.gates.run import ALL as GATES
from aidevos_agents.gates.run import run_gate
from aidevos_agents.spec.model import App
from gate_apps import ALL
from model_faults import faults

CAUGHT_MIN = 0.9
SAMPLE = 6


async def is_caught(app: App, wrong: App) -> bool:
    for gate in GATES:
        report = await run_gate(gate, app, Mirror(wrong), 1)
        if report.failed:
            return True
    return False


async def survivors_of(app: App, wrong: list[tuple[str, App]]) -> list[str]:
    return [what for what, one in wrong if not await is_caught(app, one)]


@pytest.mark.parametrize("app", ALL, ids=lambda app: app.name)
async def test_candidates_of_wrong_models_are_caught(app: App) -> None:
    every = [*faults(app)]
    wrong = random.Random(1).sample(every, min(SAMPLE, len(every)))
    survivors = await survivors_of(app, wrong)
    print(f"\n{app.name}: {len(wrong)} of {len(every)} wrong models; not caught: {survivors}")
    assert len(survivors) <= (1 - CAUGHT_MIN) * len(wrong), survivors
