"""The score of the gates: nine tenths of the faults seeded into generated code are caught.

Here a sample of each app's faults; `make long` seeds more.
"""

import logging
import random
from collections.abc import Callable

import pytest
from aidevos_agents.spec.model import App
from aidevos_testing.mutation import faults
from aidevos_testing.score import score
from gate_apps import ALL
from gate_bundles import bundle_of

CAUGHT_MIN = 0.9
CAUGHT_OF_ONE_MIN = 0.85
"""Of one app's 40 faults: a sample that small may lie a little lower than all of them."""
SAMPLE = 40


async def scored(app: App, count: int, seed: int = 1) -> tuple[int, int]:
    """Seed `count` faults (or all); print the score by rule and the survivors.

    Returns how many were caught, of how many.
    """
    bundle = bundle_of(app)
    every = [*faults(bundle)]
    chosen = random.Random(seed).sample(every, min(count, len(every)))
    found = await score(app, bundle, chosen)
    print(f"\n{app.name}: {found.share:.1%} of {found.seeded.total()} faults ({len(every)} in all)")
    print(found.table())
    for name in found.survivors:
        print(f"  not caught: {name}")
    return found.caught.total(), found.seeded.total()


async def test_nine_tenths_of_the_faults_seeded_into_three_unlike_apps_are_caught(
    caplog: pytest.LogCaptureFixture, record_property: Callable[[str, object], None]
) -> None:
    caplog.set_level(logging.CRITICAL)
    scores = [await scored(app, SAMPLE) for app in ALL]
    caught, seeded = (sum(numbers) for numbers in zip(*scores, strict=True))
    each = ", ".join(
        f"{app.name} {got} of {of}" for app, (got, of) in zip(ALL, scores, strict=True)
    )
    record_property("printed", f"faults caught by the gates: {caught} of {seeded} ({each})")
    assert seeded >= len(ALL) * SAMPLE
    assert caught / seeded >= CAUGHT_MIN
    assert min(got / of for got, of in scores) >= CAUGHT_OF_ONE_MIN
