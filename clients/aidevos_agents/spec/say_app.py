"""The whole app said in canonical sentences: `compile_spec(render(app)).model == app`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from aidevos_agents.spec.english import regular_plural
from aidevos_agents.spec.facts import Does, Reads, Ruled, Shown
from aidevos_agents.spec.model import App, Thing
from aidevos_agents.spec.say_actions import (
    action_sentence,
    page_item,
    reading_sentence,
    route_row,
    rule_sentence,
)
from aidevos_agents.spec.say_steps import step_lines
from aidevos_agents.spec.say_things import field_row, sentences_of, table
from aidevos_agents.spec.world import World


def render_app(app: App) -> str:
    """Return the canonical text of `app`."""
    things = {thing.name: thing for thing in app.things}
    rest = "\n".join(_after_things(app, things))
    used = set(re.findall(r"[^\W\d_]+", rest.casefold()))
    lines = [f"# {app.title}", ""]
    if app.description:
        lines += [app.description, ""]
    lines += _things(app, things, used)
    return "\n".join(lines) + "\n" + rest + "\n"


def words_of_fact(world: World, fact: Any) -> str:
    """Say one fact: the choices of a question."""
    things = {draft.name: draft.thing() for draft in world.things.values()}
    match fact:
        case Does():
            return action_sentence(things, fact.action)
        case Reads():
            return reading_sentence(things, fact.ref)
        case Ruled():
            return rule_sentence(things, fact.rule)
        case Shown():
            return page_item(things, fact.page)
        case _:
            return str(fact)


def _things(app: App, things: dict[str, Thing], used: set[str]) -> list[str]:
    lines = ["## Things", ""]
    for thing in app.things:
        regular = regular_plural(thing.name)
        odd = thing.plural != regular or regular.split(" ")[-1] not in used
        said = " ".join(sentences_of(thing, plural=odd))
        rows = [field_row(things, thing, field) for field in thing.fields]
        lines += [f"### {thing.name.capitalize()}", ""]
        lines += [said, ""] if said else []
        lines += [*table(("field", "type", "rule"), rows), ""]
    return lines


def _after_things(app: App, things: dict[str, Thing]) -> Iterator[str]:
    actions = [action_sentence(things, action) for action in app.actions]
    readings = [reading_sentence(things, ref) for ref in app.readings]
    yield from _section("Actions", [*actions, *readings])
    yield from _section("Rules", [rule_sentence(things, rule) for rule in app.rules])
    yield from _section("Pages", [page_item(things, page) for page in app.pages])
    if app.routes is not None:
        rows = [route_row(things, route) for route in app.routes]
        yield from ("## API", "", *table(("action", "route", "takes", "gives"), rows), "")
    if app.background or app.scenarios:
        yield from ("## Acceptance", "", "```gherkin", *_plays(app, things), "```")


def _section(name: str, items: list[str]) -> Iterator[str]:
    if items:
        yield from (f"## {name}", "", *(f"- {item}" for item in items), "")


def _plays(app: App, things: dict[str, Thing]) -> Iterator[str]:
    if app.background:
        yield from ("Background:", *step_lines(things, app.background), "")
    for index, scenario in enumerate(app.scenarios):
        if index:
            yield ""
        yield from (f"Scenario: {scenario.name}", *step_lines(things, scenario.steps))
