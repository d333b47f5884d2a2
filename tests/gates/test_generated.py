"""What the generators make passes every gate: the examples of these tests, and random apps."""

import pytest
from aidevos_agents.gates import run_gates
from aidevos_agents.spec.model import App
from aidevos_testing.in_process import in_process
from gate_apps import ALL
from gate_bundles import bundle_of
from random_apps import random_apps

RANDOM = 2


async def failures_of(app: App) -> list[str]:
    async with in_process(bundle_of(app)) as candidate:
        reports = await run_gates(app, candidate, 1, lambda report: None)
    assert all(report.checks for report in reports if report.gate != "acceptance")
    return [f"{report.gate}: {line}" for report in reports for line in report.failures]


@pytest.mark.parametrize("app", ALL, ids=lambda app: app.name)
async def test_a_generated_app_passes_every_gate(app: App) -> None:
    assert await failures_of(app) == []


@pytest.mark.parametrize("number", range(RANDOM))
async def test_a_random_app_passes_every_gate(number: int) -> None:
    assert await failures_of(random_apps(RANDOM)[number]) == []
