"""Scenario steps to the model, outlines once per example."""

from __future__ import annotations

from aidevos_agents.spec.layout import Item, Layout
from aidevos_agents.spec.model import Body, Do, Has, Make, Scenario, Step
from aidevos_agents.spec.reading import read
from aidevos_agents.spec.scenarios import Play, StepText, plays_of
from aidevos_agents.spec.words import Sentence, Text, tokenize, whole
from aidevos_agents.spec.world import World

Read = tuple[tuple[Step, ...], tuple[Scenario, ...]]
Placed = tuple[tuple[Step, int], ...]
"""Steps, each with its line."""


def step_key(scenario: str, place: int) -> str:
    """Return the key of a step (0-based) in `Compilation.lines`; the background has no name."""
    return f"step:{scenario}:{place}"


def read_scenarios(world: World, layout: Layout, lines: dict[str, int]) -> Read:
    """Return the background's steps and all scenarios."""
    background: tuple[Step, ...] = ()
    scenarios: list[Scenario] = []
    start = ""
    for fence in layout.fences:
        found = plays_of(fence)
        for text, do in found.refused:
            _item(layout, whole(text)).refuse(do)
        for play in found.plays:
            world.at = start
            steps = _steps(world, layout, play)
            if play.background:
                begin, start = len(background), world.at
                background = (*background, *(step for step, _ in steps[0]))
                lines |= {step_key("", at): line for at, (_, line) in enumerate(steps[0], begin)}
            else:
                scenarios.extend(_named(layout, play, steps, scenarios, lines))
    world.at = ""
    return background, tuple(scenarios)


def _named(
    layout: Layout,
    play: Play,
    variants: list[Placed],
    before: list[Scenario],
    lines: dict[str, int],
) -> list[Scenario]:
    outline = bool(play.examples)
    for text in play.examples:
        _item(layout, whole(text)).understand(f"scenario:{play.name}")
    if not play.steps:
        _item(layout, _heading(play)).refuse("A scenario needs steps: Given, When, Then.")
        return []
    found = []
    for number, steps in enumerate(variants, 1):
        name = f"{play.name} {number}" if outline else play.name
        if not name or name in [one.name for one in before]:
            _item(layout, _heading(play)).refuse("Give each scenario a name of its own.")
            return []
        lines[f"scenario:{name}"] = play.line
        lines |= {step_key(name, place): line for place, (_, line) in enumerate(steps)}
        found.append(Scenario(name, tuple(step for step, _ in steps)))
    return found


def _steps(world: World, layout: Layout, play: Play) -> list[Placed]:
    """Return the steps of each variant (one, unless the play is an outline)."""
    items = [(_item(layout, whole(step.text)), step) for step in play.steps]
    start, found = world.at, []
    for variant in range(max(len(play.examples), 1)):
        world.at = start
        steps: list[tuple[Step, int]] = []
        for item, step in items:
            read_ones = _step(world, item, step, _said(step, variant), play.name)
            steps.extend((one, item.line) for one in read_ones)
        found.append(tuple(steps))
    return found


def _step(
    world: World, item: Item, step: StepText, sentence: Sentence, name: str
) -> tuple[Step, ...]:
    if item.problems:
        return ()
    world.keyword = step.keyword
    bodies = read(world, item, sentence, "step", wording=str)
    if bodies is None:
        return ()
    steps = tuple(Step(step.keyword, body) for body in bodies)
    world.at = _thing(bodies[-1]) or world.at
    if item.status != "understood":
        item.understand(f"scenario:{name}")
    return steps


def _thing(body: Body) -> str:
    match body:
        case Do():
            return body.action.thing
        case Make() | Has():
            return body.thing
        case _:
            return ""


def _said(step: StepText, variant: int) -> Sentence:
    if not step.variants:
        return _without_stop(whole(step.text))
    text = Text(step.variants[variant], step.text.starts)
    return _without_stop(whole(text))


def _without_stop(sentence: Sentence) -> Sentence:
    tokens = sentence.tokens
    if tokens and tokens[-1].text == ".":
        tokens = tokens[:-1]
    return Sentence(sentence.text, sentence.line, sentence.column, tokens, sentence.source)


def _heading(play: Play) -> Sentence:
    text = Text(f"Scenario: {play.name}", ((0, play.line, 1),))
    return Sentence(text.raw, play.line, 1, tuple(tokenize(text.raw)), text)


def _item(layout: Layout, sentence: Sentence) -> Item:
    item = Item(sentence, "acceptance")
    layout.items.append(item)
    return item
