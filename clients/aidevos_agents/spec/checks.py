"""Checks on the whole app: what each sentence alone cannot show. All problems at once."""

from __future__ import annotations

from collections.abc import Iterator

from aidevos_agents.spec.assemble import action_key
from aidevos_agents.spec.bounds import default_problem
from aidevos_agents.spec.check_routes import route_problems
from aidevos_agents.spec.compilation import Problem
from aidevos_agents.spec.currencies import mixed_currencies
from aidevos_agents.spec.cycles import derived_cycle, parent_cycle
from aidevos_agents.spec.english import with_articles
from aidevos_agents.spec.expr import Expr
from aidevos_agents.spec.model import (
    Action,
    App,
    AtMost,
    Field,
    Thing,
    all_fields,
    parent_field,
    thing_of,
)
from aidevos_agents.spec.never import can_hold

Found = tuple[str, str, str]
"""The element's key in the lines, what is wrong, what to do."""


def check(app: App, lines: dict[str, int]) -> list[Problem]:
    """Return every problem of `app`, each at the line that said the element."""
    if not app.things:
        do = "Write under ## Things: ### Name, and a table with field, type and rule."
        return [Problem(line=0, column=0, what="the spec has no things", do=do)]
    found = [*_things(app), *_moves(app), *_conditions(app), *_money(app), *route_problems(app)]
    return [
        Problem(line=lines.get(key, 0), column=1, what=with_articles(what), do=with_articles(do))
        for key, what, do in found
    ]


def _things(app: App) -> Iterator[Found]:
    names: dict[str, str] = {}
    for thing in app.things:
        key = f"thing:{thing.name}"
        for word in {thing.name, thing.plural}:
            if word in names:
                yield key, f'"{word}" names two things', "Say: The plural is ... ."
            names[word] = thing.name
        cycle = parent_cycle(app, thing)
        if cycle:
            yield key, f"{' belongs to '.join(cycle)}: it could never be made", "Break the circle."
        yield from _fields(app, thing)


def _fields(app: App, thing: Thing) -> Iterator[Found]:
    creates = [one for one in app.actions if one.thing == thing.name and one.kind == "create"]
    if not creates:
        yield (
            f"thing:{thing.name}",
            f"nobody can make a {thing.name}",
            f"Write under Actions: Anyone can add a {thing.name}, giving its ... .",
        )
    for create in creates:
        yield from _create(thing, create)
    for field in thing.fields:
        key = f"field:{thing.name}.{field.name}"
        why = default_problem(field)
        if why:
            yield key, f"{field.name} starts as a value that it may not have: {why}", "Change one."
        if derived_cycle(app, thing, field):
            yield key, f"{field.name} is computed from itself", "Compute it from other fields."
        if creates and not _settable(app, thing, field):
            yield (
                key,
                f"nobody can set {field.name}",
                f"Let an action give it, or say what it starts as: giving its {field.name}.",
            )


def _create(thing: Thing, create: Action) -> Iterator[Found]:
    key = action_key(create, thing.plural)
    takes = {take.field: take for take in create.takes}
    for field in all_fields(thing):
        if not field.required or field.default is not None or field.source != "given":
            continue
        take = takes.get(field.name)
        if take is None:
            yield (
                key,
                f"{field.name} is required, but {create.verb} does not take it",
                f"Write: giving its {field.name}.",
            )
        elif not take.required:
            yield (
                key,
                f"{field.name} is required, but {create.verb} takes it optionally",
                f"Write: giving its {field.name}, or make the field optional.",
            )


def _settable(app: App, thing: Thing, field: Field) -> bool:
    if field.source != "given" or field.default is not None:
        return True
    return any(
        field.name in [take.field for take in action.takes]
        or field.name in [effect.field for effect in action.effects]
        for action in app.actions
        if action.thing == thing.name
    )


def _conditions(app: App) -> Iterator[Found]:
    """Conditions that can never hold."""
    do = "No value fits: change the condition or the field."
    for action in app.actions:
        thing = thing_of(app, action.thing)
        if action.guard is not None and not can_hold(action.guard, _by_name(thing)):
            yield action_key(action, thing.plural), f"nobody can ever {action.verb} it", do
    for page in app.pages:
        fields = _by_name(thing_of(app, page.thing))
        if page.where is not None and not can_hold(page.where, fields):
            yield f"page:{page.name}", "the page can never show anything", do
    for index, rule in enumerate(app.rules):
        where = rule.where if isinstance(rule, AtMost) else rule.holds
        if where is not None and not can_hold(where, _by_name(thing_of(app, rule.thing))):
            yield f"rule:{index}", "the rule's condition can never hold", do


def _moves(app: App) -> Iterator[Found]:
    """What a thing belongs to is given when it is made, and never changes."""
    for action in app.actions:
        thing = thing_of(app, action.thing)
        parents = [parent_field(parent) for parent in thing.parents]
        moved = [take.field for take in action.takes if take.field in parents]
        if action.kind != "create" and moved:
            yield (
                action_key(action, thing.plural),
                f"the {moved[0]} of a {thing.name} never changes: {action.verb} cannot take it",
                f"Leave it out. If it may change, let {moved[0]} be a field of the table whose"
                " type is that thing, instead of belonging to it.",
            )


def _money(app: App) -> Iterator[Found]:
    """Amounts of two currencies are neither reckoned with nor compared."""
    for key, thing, value, field in _values(app):
        found = mixed_currencies(app, thing, value, field)
        if found:
            yield key, f"{' and '.join(found)} are mixed", "Keep to one currency in a sentence."


def _values(app: App) -> Iterator[tuple[str, Thing, Expr, str]]:
    for thing in app.things:
        for field in thing.fields:
            if field.derived is not None:
                yield f"field:{thing.name}.{field.name}", thing, field.derived, field.name
    for action in app.actions:
        thing = thing_of(app, action.thing)
        key = action_key(action, thing.plural)
        if action.guard is not None:
            yield key, thing, action.guard, ""
        yield from ((key, thing, effect.to, effect.field) for effect in action.effects)
    for page in app.pages:
        if page.where is not None:
            yield f"page:{page.name}", thing_of(app, page.thing), page.where, ""
    for index, rule in enumerate(app.rules):
        where = rule.where if isinstance(rule, AtMost) else rule.holds
        if where is not None:
            yield f"rule:{index}", thing_of(app, rule.thing), where, ""


def _by_name(thing: Thing) -> dict[str, Field]:
    return {field.name: field for field in all_fields(thing)}
