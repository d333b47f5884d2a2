"""The score of the gates: nine tenths of the faults seeded into generated code are caught.

Here a sample of each app's faults; `make long` seeds more.
"""

import logging
import random

import pytest
from aidevos_agents.spec.model import App
from aidevos_testing.mutation import faults
from aidevos_testing.score import score
from gate_apps import ALL
from gate_bundles import bundle_of

CAUGHT_MIN = 0.9
SAMPLE = {"todo": 20, "library": 10, "shop": 10}


async def scored(app: App, count: int, seed: int = 1) -> float:
    """Seed `count` faults (or all), print the score by rule and the survivors; return the share."""
    bundle = bundle_of(app)
    every = [*faults(bundle)]
    chosen = random.Random(seed).sample(every, min(count, len(every)))
    found = await score(app, bundle, chosen)
    print(f"\n{app.name}: {found.share:.1%} of {found.seeded.total()} faults ({len(every)} in all)")
    print(found.table())
    for name in found.survivors:
        print(f"  not caught: {name}")
    return found.share


@pytest.mark.parametrize("app", ALL, ids=lambda app: app.name)
async def test_nine_tenths_of_seeded_faults_are_caught(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    assert await scored(app, SAMPLE[app.name]) >= CAUGHT_MIN
