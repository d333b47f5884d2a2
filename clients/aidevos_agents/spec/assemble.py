"""From facts to the model: each fact changes one named element, or its sentence is refused."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from aidevos_agents.spec.facts import (
    Belongs,
    Called,
    Cascades,
    Does,
    Fact,
    FieldRuled,
    Offered,
    Reads,
    Ruled,
    Seen,
    Shown,
)
from aidevos_agents.spec.layout import Item
from aidevos_agents.spec.meaning import Nonsense
from aidevos_agents.spec.model import Action, Parent, Take, parent_field
from aidevos_agents.spec.things import apply_clause
from aidevos_agents.spec.world import Draft, World

Lines = dict[str, int]


def belonging(found: Sequence[Fact]) -> bool:
    """Whether a sentence tells what belongs to what."""
    return any(isinstance(fact, Belongs) for fact in found)


def facts(world: World, item: Item, found: Sequence[Fact], lines: Lines) -> None:
    """Put a sentence's facts into the model."""
    if item.problems:
        return
    try:
        made = [_take(world, fact, item, lines) for fact in found]
    except Nonsense as nonsense:
        item.refuse(nonsense.sentence())
        return
    item.understand(*made)


def finish(world: World) -> None:
    """Decide which actions with a verb of the author's own make their thing."""
    for draft in world.things.values():
        mine = [one for one in world.actions if one.thing == draft.name]
        if any(one.kind == "create" for one in mine):
            continue
        makers = [one for one in mine if (one.verb, one.thing) in world.may_make]
        if len(makers) > 1:
            makers = _likely(draft, makers)
        if len(makers) == 1:
            index = world.actions.index(makers[0])
            world.actions[index] = _as_create(makers[0], draft)


def _likely(draft: Draft, makers: list[Action]) -> list[Action]:
    """What a thing belongs to, and all that is required, is given to what makes it."""
    parents = {parent_field(parent) for parent in draft.parents}
    required = {field.name for field in draft.fields.values() if field.required}
    needed = parents or {name for name in required if draft.fields[name].default is None}
    return [one for one in makers if needed and needed <= {take.field for take in one.takes}]


def page_facts(world: World, item: Item, found: Sequence[Fact], lines: Lines) -> None:
    """Put a page sentence's facts into the model."""
    facts(world, item, found, lines)


def action_key(action: Action, plural: str) -> str:
    """Return the key of an action in `Compilation.lines`."""
    target = f"all {plural}" if action.kind == "delete_all" else action.thing
    return f"action:{action.verb} {target}"


def _take(world: World, fact: Fact, item: Item, lines: Lines) -> str:
    match fact:
        case Belongs() | Cascades():
            return _parent(world, fact)
        case Does():
            return _action(world, fact, item, lines)
        case Ruled():
            return _rule(world, fact, item, lines)
        case FieldRuled():
            return _field_rule(world, fact)
        case Reads():
            return _reading(world, fact)
        case Shown() | Offered() | Seen():
            return _page(world, fact, item, lines)
        case Called():
            return f"thing:{fact.thing}"


def _parent(world: World, fact: Belongs | Cascades) -> str:
    draft = world.draft(fact.child)
    before = next((one for one in draft.parents if one.thing == fact.parent), None)
    cascade = isinstance(fact, Cascades)
    if before is not None and (not cascade or before.cascade):
        raise Nonsense("this was said before", "Leave it out here.")
    name = parent_field(Parent(fact.parent))
    if name in draft.fields:
        raise Nonsense(
            f'a {draft.name} has a field "{name}" already, which belonging to a'
            f" {fact.parent} makes by itself",
            "Take the field out of the table.",
        )
    if before is None:
        draft.parents.append(Parent(fact.parent))
        world.lexicon.add("FIELD", name, name)
    else:
        draft.parents[draft.parents.index(before)] = Parent(fact.parent, cascade=True)
    return f"thing:{draft.name}"


def _action(world: World, fact: Does, item: Item, lines: Lines) -> str:
    action = fact.action
    key = action_key(action, world.draft(action.thing).plural)
    world.at = action.thing
    before = [one for one in world.actions if _same(one, action)]
    if before:
        world.actions[world.actions.index(before[0])] = _merged(before[0], action)
        return key
    world.actions.append(action)
    lines[key] = item.line
    if fact.may_make:
        world.may_make.add((action.verb, action.thing))
    return key


def _same(one: Action, other: Action) -> bool:
    return (one.kind, one.verb, one.thing) == (other.kind, other.verb, other.thing)


def _merged(one: Action, other: Action) -> Action:
    """Two sentences may each allow to change some fields, under the same condition."""
    new = [take for take in other.takes if take.field not in [had.field for had in one.takes]]
    if one.kind != "change" or one.guard != other.guard or not new:
        raise Nonsense(
            f'it is said twice who can "{one.verb}" a {one.thing}', "Say it in one sentence."
        )
    return msgspec.structs.replace(one, takes=(*one.takes, *new))


def _rule(world: World, fact: Ruled, item: Item, lines: Lines) -> str:
    if fact.rule in world.rules:
        raise Nonsense("this rule was said before", "Leave it out here.")
    world.rules.append(fact.rule)
    key = f"rule:{len(world.rules) - 1}"
    lines[key] = item.line
    return key


def _field_rule(world: World, fact: FieldRuled) -> str:
    draft = world.draft(fact.thing)
    before = draft.fields.get(fact.field)
    apply_clause(world, fact)
    if draft.fields[fact.field] == before:
        raise Nonsense(f"this says nothing new of {fact.field}", "Leave it out.")
    return f"field:{draft.name}.{fact.field}"


def _reading(world: World, fact: Reads) -> str:
    if fact.ref in world.readings:
        raise Nonsense("this was said before", "Leave it out here.")
    world.readings.append(fact.ref)
    world.at = fact.ref.thing
    return f"action:{fact.ref.verb} {fact.ref.thing}"


def _page(world: World, fact: Shown | Offered | Seen, item: Item, lines: Lines) -> str:
    if isinstance(fact, Shown):
        return _new_page(world, fact, item, lines)
    if item.first:
        raise Nonsense("a page's name is missing before", "Begin with **Name**: ... .")
    if not world.page or not world.pages:
        raise Nonsense("the page that this is about is not understood", "Correct it first.")
    page = world.pages[-1]
    if isinstance(fact, Seen):
        if page.who:
            raise Nonsense("this was said before", "Leave it out here.")
        page = msgspec.structs.replace(page, who=fact.who)
    else:
        if any(one in page.offers for one in fact.offers):
            raise Nonsense("an action is offered twice", "Name each once.")
        page = msgspec.structs.replace(page, offers=(*page.offers, *fact.offers))
    world.pages[-1] = page
    return f"page:{page.name}"


def _new_page(world: World, fact: Shown, item: Item, lines: Lines) -> str:
    page = fact.page
    if page.name.casefold() in [one.name.casefold() for one in world.pages]:
        raise Nonsense(f'there are two pages called "{page.name}"', "Keep one.")
    world.pages.append(page)
    world.at, world.page = page.thing, page.name
    world.lexicon.add("PAGE", page.name, page.name)
    lines[f"page:{page.name}"] = item.line
    return f"page:{page.name}"


def _as_create(action: Action, draft: Draft) -> Action:
    named = [take.field for take in action.takes]
    parents = [parent_field(parent) for parent in draft.parents]
    missing = (Take(name, required=True) for name in parents if name not in named)
    return msgspec.structs.replace(action, kind="create", takes=(*missing, *action.takes))
