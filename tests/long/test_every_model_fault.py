"""Every wrong model that the rules make of the three right ones is tried; the score is printed."""

import pytest
from aidevos_agents.spec.model import App
from gate_apps import ALL
from model_faults import faults
from test_model_faults import CAUGHT_MIN, survivors_of

pytestmark = pytest.mark.long


@pytest.mark.parametrize("app", ALL, ids=lambda app: app.name)
async def test_all_candidates_of_wrong_models_are_caught(app: App) -> None:
    wrong = [*faults(app)]
    survivors = await survivors_of(app, wrong)
    score = 1 - len(survivors) / len(wrong)
    print(f"\n{app.name}: {len(wrong)} wrong models, {score:.0%} caught; not: {survivors}")
    assert score >= CAUGHT_MIN, survivors
