"""The first random apps of the strategy, the same in every run."""

from aidevos_agents.spec.model import App
from aidevos_testing.apps import apps
from hypothesis import HealthCheck, Phase, given, settings


def random_apps(count: int) -> list[App]:
    found: list[App] = []

    @settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(apps())
    def collect(app: App) -> None:
        found.append(app)

    collect()
    return found
