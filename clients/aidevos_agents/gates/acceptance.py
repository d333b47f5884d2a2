"""Gate acceptance: each scenario of the spec on empty data, the background first."""

from __future__ import annotations

from itertools import pairwise

from aidevos_agents.gates.kit import Kit
from aidevos_agents.gates.stage import CannotPlayError, Stage
from aidevos_agents.spec.model import Refused, Scenario, Step


async def acceptance(kit: Kit) -> None:
    """Play every scenario."""
    for number, scenario in enumerate(kit.session.app.scenarios):
        if number:
            await kit.fresh()
        await _play(kit, scenario)


async def _play(kit: Kit, scenario: Scenario) -> None:
    stage = Stage(kit, scenario.name)
    steps = (*kit.session.app.background, *scenario.steps)
    try:
        for step, following in pairwise((*steps, None)):
            if step is not None:
                await stage.play(step.body, refused=_is_refused(following))
    except CannotPlayError as error:
        kit.session.tally.fail(f'scenario "{scenario.name}": {error}')
        kit.session.tally.end_if_hopeless()


def _is_refused(step: Step | None) -> bool:
    return step is not None and isinstance(step.body, Refused)
