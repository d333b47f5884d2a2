"""Random apps all the way: said as a spec, compiled, generated, served in the jail, gated."""

import msgspec
import pytest
from aidevos_agents.evaluation import judge
from aidevos_agents.gates.report import GATES
from aidevos_agents.generate import backend, devops, frontend, security
from aidevos_agents.roles.answers import Gate
from aidevos_agents.spec import compile_spec, render
from random_apps import random_apps

pytestmark = pytest.mark.long
APPS = 10
OF = 30
"""The first of the strategy are small and alike: every third of this many is taken."""


class Silent:
    """Hears of each gate."""

    async def begun(self, gate: str) -> None:
        pass

    async def ended(self, gate: Gate) -> None:
        pass


@pytest.mark.parametrize("number", range(0, OF, OF // APPS))
async def test_a_random_app_is_built_gated_and_served(number: int) -> None:
    found = compile_spec(render(random_apps(OF)[number]))
    assert found.model is not None, found.problems
    app, lines = found.model, found.lines
    parts = [backend(app, lines), frontend(app, lines), security(app)]
    files = dict(devops(app, lines, parts, 1))
    gates = await judge(msgspec.json.encode(app), files, 1, Silent())
    assert [line for gate in gates for line in gate.failures] == []
    assert tuple(gate.gate for gate in gates) == GATES
