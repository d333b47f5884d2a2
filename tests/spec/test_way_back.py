"""The way back: what `render` says of any app, the compiler understands as that app."""

import pytest
from aidevos_agents.spec import compile_spec, render
from aidevos_agents.spec.model import App
from aidevos_testing.apps import apps
from hypothesis import HealthCheck, Phase, given, settings


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(apps())
def test_three_hundred_random_apps_are_said_and_understood_again(app: App) -> None:
    said = render(app)
    found = compile_spec(said)
    if found.problems:
        pytest.fail("\n".join(one.sentence() for one in found.problems) + "\n" + said)
    assert found.model == app, said
    assert found.coverage.sentences == found.coverage.understood
