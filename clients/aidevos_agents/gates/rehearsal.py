"""Plays a spec's scenarios on the reference interpreter: does the spec contradict itself?

Nothing is generated for it. What fails here is said with the line of the step, in plain words;
what fails in the acceptance gate later is then a difference between service and spec.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from itertools import pairwise

import msgspec

from aidevos_agents.gates.kit import Kit
from aidevos_agents.gates.mirror import Mirror
from aidevos_agents.gates.rehearsal_words import Answered, Said, answer_words
from aidevos_agents.gates.report import GateEndedError, Tally
from aidevos_agents.gates.session import Session
from aidevos_agents.gates.stage import CannotPlayError, Stage
from aidevos_agents.spec.compilation import Compilation, Problem
from aidevos_agents.spec.model import App, Body, Do, Make, Refused, Scenario, Step
from aidevos_agents.spec.play import step_key
from aidevos_agents.spec.say_steps import step_words

TRIES = 3
"""A thing that is there at the beginning is made with values by chance: three chances."""
DO = "Change the step, or what the spec says against it."


def rehearsed(compilation: Compilation) -> Compilation:
    """Return the compilation with a problem for each scenario that cannot come true.

    Not for a thread that runs an event loop.
    """
    if compilation.model is None or not compilation.model.scenarios:
        return compilation
    problems = asyncio.run(contradictions(compilation.model, compilation.lines))
    if not problems:
        return compilation
    return msgspec.structs.replace(compilation, model=None, problems=problems)


async def contradictions(app: App, lines: Mapping[str, int]) -> tuple[Problem, ...]:
    """Return a problem for the first step of each scenario that the spec does not answer so."""
    found: dict[tuple[int, str], Problem] = {}
    for scenario in app.scenarios:
        for seed in range(TRIES):
            problem = await _Rehearsal(app, lines, scenario, seed).play()
            if problem is None:
                break
        if problem is not None:
            found.setdefault((problem.line, problem.what), problem)
    return tuple(sorted(found.values(), key=lambda one: one.line))


class _Claims(Tally):
    """Keeps what was answered where a step claims something else."""

    def __init__(self) -> None:
        super().__init__("acceptance")
        self.got: object = None

    def compare(self, equal: bool, asked: str, expected: object, got: object) -> bool:
        """Keep the first answer that is not as claimed."""
        if not equal and not self.failures:
            self.got = got
        return super().compare(equal, asked, expected, got)


class _Rehearsal:
    """One scenario, once."""

    def __init__(self, app: App, lines: Mapping[str, int], scenario: Scenario, seed: int) -> None:
        self._app = app
        self._said = Said(app, lines)
        self._scenario = scenario
        self._tally = _Claims()
        rng = random.Random(seed)  # noqa: S311 (no secret: the same every time)
        self._kit = Kit(Session(app, Mirror(app), self._tally), rng)
        self._stage = Stage(self._kit, scenario.name)
        self._deed: Do | None = None

    async def play(self) -> Problem | None:
        """Return what is wrong with the first step that does not come true."""
        before = len(self._app.background)
        steps = (*self._app.background, *self._scenario.steps)
        for place, (step, following) in enumerate(pairwise((*steps, None))):
            assert step is not None  # Only the last one is None, and it only follows.
            said = await self._step(step.body, following)
            if said:
                inside = place >= before
                name = self._scenario.name if inside else ""
                key = step_key(name, place - before if inside else place)
                line = self._said.lines.get(key, 0)
                return Problem(line=line, column=1, what=said, do=DO)
        return None

    async def _step(self, body: Body, following: Step | None) -> str:
        """Play one step; return what is wrong, empty if nothing is."""
        if isinstance(body, Do):
            self._deed = body
        refused = following is not None and isinstance(following.body, Refused)
        try:
            await self._stage.play(body, refused=refused)
        except CannotPlayError as error:
            return self._says(body, await self._unmade(body) or str(error))
        except GateEndedError:
            pass  # Told already: the last of the tally's failures.
        if not self._tally.failures:
            return ""
        return self._says(body, answer_words(self._said, body, self._answered()))

    def _answered(self) -> Answered:
        return Answered(self._deed, self._stage.reply, self._tally.got)

    def _says(self, body: Body, answer: str) -> str:
        things = {thing.name: thing for thing in self._app.things}
        claim = step_words(things, body)
        return f'the scenario "{self._scenario.name}" expects: {claim}; the spec answers: {answer}'

    async def _unmade(self, body: Body) -> str:
        """Return why a thing cannot be there: how its making is refused; empty if it is not."""
        if not isinstance(body, Make):
            return ""
        values = self._stage.values(body.thing, body.values)
        for route in self._kit.routes("create"):
            if route.action.thing == body.thing:
                given = self._kit.requests.body(route) | values
                ask = self._kit.requests.ask(route, given)
                reply = await self._kit.ask(ask)
                if reply is not None and reply.status >= 400:
                    deed = Do(action=route.action)
                    return answer_words(self._said, deed, Answered(deed, reply))
        return ""
