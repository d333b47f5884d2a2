"""Meaning functions of sentences under Actions: from deeds to actions of the model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aidevos_agents.spec.deeds import Deed, Effects, Giving, Guard, Object, Phrase, object_thing
from aidevos_agents.spec.expr import Compare, Path
from aidevos_agents.spec.facts import Does, Fact, Reads
from aidevos_agents.spec.meaning import Nonsense, means
from aidevos_agents.spec.model import Action, ActionKind, ActionRef, Set, Take, parent_field
from aidevos_agents.spec.raw import Bare
from aidevos_agents.spec.resolve import Resolver
from aidevos_agents.spec.words import Token
from aidevos_agents.spec.world import CHANGING, DELETING, MAKING, READING, Draft, World


@means("active")
def active(world: World, _: str, *deeds: Deed) -> tuple[Fact, ...]:
    """Anyone can do this, and that."""
    before, facts = world.at, []
    try:
        for deed in deeds:
            found = list(_facts(world, deed))
            facts.extend(found)
            world.at = object_thing(world, deed.phrase).name
    finally:
        world.at = before
    return tuple(facts)


@means("passive")
def passive(world: World, target: Object, verbs: Any, *rest: Any) -> tuple[Fact, ...]:
    """This can be done by anyone."""
    names = tuple(name for name, _ in verbs)
    phrase = Phrase(names, target, verbs[0][1])
    given = next((part for part in rest if isinstance(part, Giving)), None)
    guard = next((part for part in rest if isinstance(part, Guard)), None)
    effects = next((part for part in rest if isinstance(part, Effects)), None)
    return tuple(_facts(world, Deed(phrase, given, guard, effects)))


def _facts(world: World, deed: Deed) -> Iterator[Fact]:
    phrase, draft = deed.phrase, object_thing(world, deed.phrase)
    if len(phrase.verbs) > 1 and deed.effects is not None:
        raise Nonsense("one effect cannot be that of two verbs", "Say each verb by itself.")
    for verb in phrase.verbs:
        yield _fact(world, draft, verb, deed)


def _fact(world: World, draft: Draft, verb: str, deed: Deed) -> Fact:
    deletes = deed.effects is not None and any(
        effect.field is None for effect in deed.effects.effects
    )
    kind = _kind(verb, deed, deletes)
    if deletes and deed.effects is not None and len(deed.effects.effects) > 1:
        raise Nonsense("what is deleted has no other effect", "Leave that out.", deed.phrase.at)
    if kind in ("list", "show"):
        if deed.guard or deed.effects or deed.giving:
            raise Nonsense("reading has no condition and no effect", "", deed.phrase.at)
        return Reads(ActionRef(kind, verb, draft.name))
    resolver = Resolver(world, draft)
    action = Action(
        kind=kind,
        verb=verb,
        thing=draft.name,
        takes=_takes(world, draft, kind, deed),
        guard=None if deed.guard is None else resolver.condition(deed.guard.condition),
        effects=() if deletes else tuple(_sets(world, resolver, deed)),
    )
    _must_name_once([take.field for take in action.takes], deed)
    _must_name_once([effect.field for effect in action.effects], deed)
    return _checked(action, deed)


def _must_name_once(names: list[str], deed: Deed) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise Nonsense(f"{twice} is named twice", "Name each field once.", deed.phrase.at)


def _kind(verb: str, deed: Deed, deletes: bool) -> ActionKind:
    target, plain = deed.phrase.object.kind, deed.effects is None or deletes
    if deed.phrase.fields is not None or (verb in CHANGING and plain):
        return "change"
    if target == "new" or (verb in MAKING and plain):
        return "create"
    if deletes or (verb in DELETING and plain):
        return "delete_all" if target == "every" else "delete"
    if verb in READING and plain and not deed.giving and not deed.guard:
        return "list" if target in ("every", "some") else "show"
    return "custom"


def _checked(action: Action, deed: Deed) -> Does:
    at = deed.phrase.at
    if action.effects and action.kind != "custom":
        raise Nonsense(
            f'"{action.verb}" has no other effect',
            f"Use a verb of your own, or say in the table what a {action.thing} starts as.",
            at,
        )
    placed = bool(deed.phrase.into)
    if placed and action.kind != "create" and (action.effects or action.guard or deed.effects):
        raise Nonsense(
            f'"{deed.phrase.into}" says nothing here: only what is made is put somewhere',
            "Leave the place out.",
            at,
        )
    if deed.phrase.object.kind == "every" and action.kind != "delete_all":
        raise Nonsense(
            f'only deleting is done to all: "{action.verb}" is for one {action.thing}',
            f"Write: a {action.thing}.",
            at,
        )
    may_make = action.kind == "custom" and not action.effects and action.guard is None
    if action.kind == "custom" and not action.effects and not action.takes:
        raise Nonsense(
            f'it is not said what "{action.verb}" does',
            f"Say what becomes different: Anyone can {action.verb} a {action.thing}:"
            " its FIELD becomes VALUE. Or use add, change or delete.",
            at,
        )
    return Does(action, may_make and bool(action.takes))


def _takes(world: World, draft: Draft, kind: ActionKind, deed: Deed) -> tuple[Take, ...]:
    if kind in ("delete", "delete_all"):
        if deed.giving is not None:
            raise Nonsense("deleting takes nothing", "Leave what is given out.", deed.phrase.at)
        return ()
    said = list(_said_takes(world, draft, deed))
    if kind == "change":
        return tuple(Take(take.field) for take in said or _all_given(draft, kind))
    if kind == "custom":
        return tuple(said)
    if deed.giving is None:
        said = list(_all_given(draft, kind))
    return tuple(_with_parents(world, draft, deed, said))


def _said_takes(world: World, draft: Draft, deed: Deed) -> Iterator[Take]:
    for token in deed.phrase.fields or ():
        yield Take(_settable(world, draft, token))
    for said in deed.giving.takes if deed.giving else ():
        yield Take(_settable(world, draft, said.field), not said.optional)


def _settable(world: World, draft: Draft, token: Token) -> str:
    field = world.field_of(draft, token)
    if field.source != "given":
        raise Nonsense(
            f"{field.name} is kept by itself: nobody gives it", "Leave it out here.", token
        )
    return field.name


def _all_given(draft: Draft, kind: ActionKind) -> Iterator[Take]:
    for field in draft.fields.values():
        if field.source == "given":
            required = kind == "create" and field.required and field.default is None
            yield Take(field.name, required)


def _with_parents(world: World, draft: Draft, deed: Deed, said: list[Take]) -> Iterator[Take]:
    parents = [parent_field(parent) for parent in draft.parents]
    if deed.phrase.into and deed.phrase.into not in [parent.thing for parent in draft.parents]:
        raise world.missing(
            f"a {draft.name} does not belong to a {deed.phrase.into}",
            f"Write: A {draft.name} belongs to a {deed.phrase.into}.",
            deed.phrase.at,
            draft.name,
            deed.phrase.into,
        )
    named = [take.field for take in said]
    yield from (Take(name, required=True) for name in parents if name not in named)
    yield from said


def _sets(world: World, resolver: Resolver, deed: Deed) -> Iterator[Set]:
    parents = [parent_field(parent) for parent in resolver.draft.parents]
    for effect in deed.effects.effects if deed.effects else ():
        assert effect.field is not None
        if effect.so is not None:
            yield _so(resolver, effect.so)
            continue
        assert effect.to is not None
        field = world.field_of(resolver.draft, effect.field)
        _settable(world, resolver.draft, effect.field)
        if field.name in parents:
            raise Nonsense(
                f"what a {resolver.draft.name} belongs to never changes", at=effect.field
            )
        yield Set(field.name, resolver.value_as(field, effect.to))


def _so(resolver: Resolver, so: Bare) -> Set:
    """`it becomes closed`: the field that the word is of gets that value."""
    test = resolver.condition(so)
    assert isinstance(test, Compare)
    assert isinstance(test.left, Path)
    if test.op != "eq":
        raise Nonsense("it is not said what it becomes instead", "Write: it becomes ... .", so.word)
    return Set(test.left.names[0], test.right)
