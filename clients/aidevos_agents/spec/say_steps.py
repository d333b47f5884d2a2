"""Scenario steps said in canonical words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aidevos_agents.spec.english import article
from aidevos_agents.spec.model import Body, Count, Do, Given, Has, Make, Refused, Step, Thing
from aidevos_agents.spec.say import enumerated
from aidevos_agents.spec.words import quoted

Things = Mapping[str, Thing]
REASONS = {
    "REQUIRED": "is required",
    "TYPE": "is of the wrong type",
    "TOO_SHORT": "is too short",
    "TOO_LONG": "is too long",
    "CHARACTERS": "has wrong characters",
    "TOO_SMALL": "is too small",
    "TOO_LARGE": "is too large",
    "NOT_A_CHOICE": "is not a choice",
    "TOO_FEW": "has too few items",
    "TOO_MANY": "has too many items",
    "REPEATED": "has an item twice",
    "NOT_THERE": "is not there",
    "NOT_UNIQUE": "is taken",
    "IN_USE": "is in use",
    "STATE": "does not allow it",
    "RULE": "breaks a rule",
    "LIMIT": "is at its limit",
}


def step_lines(things: Things, steps: tuple[Step, ...]) -> Iterator[str]:
    """Say steps, each with its own keyword."""
    for step in steps:
        yield f"  {step.keyword.capitalize()} {step_words(things, step.body)}"


def step_words(things: Things, body: Body) -> str:
    """Say one step, without its keyword."""
    match body:
        case Make():
            thing = things[body.thing]
            made = article(thing.name) if body.count == 1 else f"{body.count} {thing.plural}"
            return f"{made}{_values(body.values)}"
        case Do():
            return f"I {_deed(things, body)}{_values(body.values)}"
        case Has():
            return f"the {body.thing} has {_having(body)}"
        case Count():
            noun = body.thing if body.count == 1 else things[body.thing].plural
            be = "is" if body.count == 1 else "are"
            shows = f"{quoted(body.page)} shows" if body.page else f"there {be}"
            return f"{shows} {body.count} {noun}"
        case Refused():
            return f"it is refused{_why(things, body)}"


def _deed(things: Things, body: Do) -> str:
    thing = things[body.action.thing]
    target = {"create": article(thing.name), "delete_all": f"all {thing.plural}"}.get(
        body.action.kind, f"the {thing.name}"
    )
    head, middle, tail = body.action.verb.partition(" as ")
    return f"{head} {target} as {tail}" if middle else f"{body.action.verb} {target}"


def _values(values: tuple[Given, ...]) -> str:
    said = [_given(one.field, one.value) for one in values]
    return f" with {enumerated(said)}" if said else ""


def _given(field: str, value: object) -> str:
    if value is None:
        return f"no {field}"
    if isinstance(value, tuple):
        texts = [_plain(item) for item in value]
        return f"{field} {enumerated(texts)}" if texts else f"empty {field}"
    return f"{field} {_plain(value)}"


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, int) else quoted(str(value))


def _having(body: Has) -> str:
    if body.present is not None:
        return article(body.field) if body.present else f"no {body.field}"
    return _given(body.field, body.value)


def _why(things: Things, body: Refused) -> str:
    if not body.reason:
        return ""
    if body.reason == "NOT_FOUND":
        return " because it is gone"
    if body.reason == "LIMIT" and body.field in things:
        return f" because there are too many {things[body.field].plural}"
    if body.reason == "RULE" and not body.field:
        return " because of a rule"
    subject = quoted(body.field) if body.field else "something"
    return f" because {subject} {REASONS[body.reason]}"
