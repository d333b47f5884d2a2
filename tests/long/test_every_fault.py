"""The score of the gates on many more of the faults that the rules seed."""

import logging

import pytest
from aidevos_agents.spec.model import App
from gate_apps import ALL
from test_score import CAUGHT_MIN, scored

pytestmark = pytest.mark.long
MOST = 150


@pytest.mark.parametrize("app", ALL, ids=lambda app: app.name)
async def test_nine_tenths_of_many_seeded_faults_are_caught(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    caught, seeded = await scored(app, MOST, seed=2)
    assert caught / seeded >= CAUGHT_MIN
