"""What the spec answers to a scenario's step, in the words of the spec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from aidevos_agents.gates.candidate import Reply
from aidevos_agents.gates.encode import encode
from aidevos_agents.gates.interpreter.catalog import names_in
from aidevos_agents.gates.matching import read_json
from aidevos_agents.spec.model import Action, ActionRef, Always, App, Body, Count, Do, Has, Thing
from aidevos_agents.spec.say import Sayer, enumerated
from aidevos_agents.spec.say_actions import rule_sentence
from aidevos_agents.spec.say_steps import REASONS
from aidevos_agents.spec.words import quoted

Things = Mapping[str, Thing]


class Answered(NamedTuple):
    """The last action with its answer, and what was found where a step claims something else."""

    deed: Do | None
    reply: Reply | None
    got: object = None


class Said(NamedTuple):
    """The app, and where the spec says each of its elements."""

    app: App
    lines: Mapping[str, int]


def answer_words(said: Said, body: Body, answered: Answered) -> str:
    """Return what the spec answers to a step that claims something else."""
    match body:
        case Has():
            return f"its {body.field} is {_plain(answered.got)}"
        case Count():
            shows = f"{quoted(body.page)} shows" if body.page else "there are"
            return f"{shows} {answered.got}"
        case _:
            return _of_deed(said, answered)


def _plain(value: object) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return "yes" if value else "no"
        case str():
            return quoted(value)
        case _:
            return encode(value).decode()


def _of_deed(said: Said, answered: Answered) -> str:
    reply, deed = answered.reply, answered.deed
    if reply is None or deed is None:
        return "nothing was done before"
    verb = deed.action.verb
    if reply.status < 400:
        return f"{verb} is done"
    if reply.status == 404:
        return f"{verb} is refused because it is not there"
    return f"{verb} is refused because {_why(said, deed.action, reply)}"


def _why(said: Said, ref: ActionRef, reply: Reply) -> str:
    things = {thing.name: thing for thing in said.app.things}
    problem = read_json(reply.body)
    listed = problem.get("errors") if isinstance(problem, dict) else None
    errors = [(str(one["field"]), str(one["reason"])) for one in listed or ()]
    rules = [*_broken(said, things, errors)]
    if rules:
        fields = enumerated([quoted(field) for field, _ in errors])
        verb = "breaks" if len(errors) == 1 else "break"
        return f"{fields} {verb} the rule: {' or: '.join(rules)}"
    if any(reason != "STATE" for _, reason in errors):
        return enumerated([f"{quoted(field)} {REASONS.get(why, why)}" for field, why in errors])
    return _guard(said.app, things, ref)


def _broken(said: Said, things: Things, errors: list[tuple[str, str]]) -> Iterator[str]:
    """Yield the rules that speak of just these fields."""
    fields = {field for field, reason in errors if reason in ("RULE", "LIMIT")}
    for index, rule in enumerate(said.app.rules if fields else ()):
        names = set(names_in(rule.holds)) if isinstance(rule, Always) else {rule.thing}
        if names == fields:
            line = said.lines.get(f"rule:{index}")
            where = f" (line {line})" if line else ""
            yield rule_sentence(things, rule).removesuffix(".") + where


def _guard(app: App, things: Things, ref: ActionRef) -> str:
    action = next((one for one in app.actions if _is(one, ref)), None)
    if action is None or action.guard is None:
        return "its condition does not hold"
    condition = Sayer(things, action.thing).condition(action.guard)
    return f"its condition does not hold: {condition}"


def _is(action: Action, ref: ActionRef) -> bool:
    return (action.kind, action.verb, action.thing) == (ref.kind, ref.verb, ref.thing)
