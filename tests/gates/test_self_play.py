"""The gates pass the interpreter itself: they ask nothing that the model does not say."""

import pytest
from aidevos_agents.gates import GateReport, run_gates
from aidevos_agents.gates.mirror import Mirror
from aidevos_agents.spec.model import App
from gate_apps import ALL


@pytest.mark.parametrize("app", ALL, ids=lambda app: app.name)
async def test_the_interpreter_passes_every_gate_of_its_own_model(app: App) -> None:
    told: list[GateReport] = []
    reports = await run_gates(app, Mirror(app), 1, told.append)
    assert [line for report in reports for line in report.failures] == []
    assert told == list(reports)
    assert all(report.checks > 50 for report in reports[:4])
