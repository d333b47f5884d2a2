"""Meaning functions of pages: what they show, in which order, and what can be done from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aidevos_agents.spec.conditions import noun_and_filter
from aidevos_agents.spec.deeds import Phrase, object_thing
from aidevos_agents.spec.facts import Fact, Offered, Seen, Shown
from aidevos_agents.spec.meaning import Nonsense, means
from aidevos_agents.spec.model import AGE, Action, ActionRef, Children, Offer, Page, Sort
from aidevos_agents.spec.resolve import Resolver
from aidevos_agents.spec.words import Token
from aidevos_agents.spec.world import Draft, World

PAGE_SIZE_MAX = 1_000
_UNSORTED = frozenset({"list", "link"})


@dataclass(frozen=True, slots=True)
class Key:
    """One sort key as said; without a word it is the age."""

    field: Token | None
    descending: bool
    yes_no: bool = False
    """Whether it makes sense of a yes-or-no field alone: `pinned first`."""


@dataclass(frozen=True, slots=True)
class Offering:
    """What one can do, as said."""

    phrase: Phrase
    fields: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One clause of a page."""

    name: str
    value: Any


@means("up")
def up(_: World, name: Token) -> Key:
    """The least first."""
    return Key(name, descending=False)


@means("down")
def down(_: World, name: Token) -> Key:
    """The most first."""
    return Key(name, descending=True)


@means("so_first")
def so_first(_: World, name: Token) -> Key:
    """Those first of which a yes-or-no field says yes."""
    return Key(name, descending=True, yes_no=True)


@means("so_last")
def so_last(_: World, name: Token) -> Key:
    """Those first of which a yes-or-no field says no."""
    return Key(name, descending=False, yes_no=True)


@means("oldest")
def oldest(_: World) -> Key:
    """The oldest first."""
    return Key(None, descending=False)


@means("newest")
def newest(_: World) -> Key:
    """The newest first."""
    return Key(None, descending=True)


@means("sort")
def sort(_: World, *keys: Key) -> tuple[Key, ...]:
    """Sort keys, the first one first; a key twice is a misreading."""
    names = [None if key.field is None else key.field.word for key in keys]
    if len(set(names)) != len(names):
        raise Nonsense("sorted by the same twice", "Name each once.")
    return keys


@means("page_sort")
def page_sort(_: World, keys: tuple[Key, ...]) -> Part:
    """In which order."""
    return Part("sort", keys)


@means("page_size")
def page_size(_: World, size: Token) -> Part:
    """How many on one page."""
    if not 1 <= int(size.text) <= PAGE_SIZE_MAX:
        raise Nonsense(f"a page shows 1 to {PAGE_SIZE_MAX} things", "Write: 20 per page.", size)
    return Part("page_size", int(size.text))


@means("page_searched")
def page_searched(_: World, *names: Token) -> Part:
    """What a search looks into."""
    return Part("searched", names)


@means("page_filtered")
def page_filtered(_: World, *names: Token) -> Part:
    """What one can choose by."""
    return Part("filtered", names)


@means("many")
def many(world: World, *parts: Any) -> Any:
    """Things, perhaps only some."""
    things, where = noun_and_filter(parts)
    draft = world.thing(things)
    return draft, None if where is None else Resolver(world, draft).condition(where)


@means("child_list")
def child_list(_: World, things: Token, keys: tuple[Key, ...] = ()) -> Any:
    """What belongs to the one thing."""
    return things, keys


@means("children")
def children(_: World, *lists: Any) -> Part:
    """All that is shown with the one thing."""
    return Part("children", lists)


@means("list_page")
def list_page(world: World, name: Token, shown: Any, *parts: Part) -> tuple[Fact, ...]:
    """A page with many things."""
    draft, where = shown
    said = _once(parts)
    page = Page(
        name=page_name(name),
        kind="list",
        thing=draft.name,
        where=where,
        sort=_sorts(world, draft, said.get("sort", ())),
        page_size=said.get("page_size"),
        searched=_searched(world, draft, said.get("searched", ())),
        filtered=_names(world, draft, said.get("filtered", ())),
    )
    return (Shown(page),)


@means("one_page")
def one_page(world: World, name: Token, thing: Token, *parts: Part) -> tuple[Fact, ...]:
    """A page with one thing and what belongs to it."""
    draft, said = world.thing(thing), _once(parts)
    if set(said) - {"children"}:
        raise Nonsense("one thing is not sorted or searched", "Leave that out.", thing)
    shown = tuple(_child(world, draft, *found) for found in said.get("children", ()))
    page = Page(name=page_name(name), kind="one", thing=draft.name, children=shown)
    return (Shown(page),)


@means("offer")
def offer(_: World, phrase: Phrase, fields: Any = None) -> Offering:
    """What one can do: verbs of one object."""
    names = fields if isinstance(fields, tuple) or fields is None else (fields,)
    return Offering(phrase, phrase.fields or names or ())


@means("offers")
def offers(world: World, *found: Any) -> tuple[Fact, ...]:
    """All that one can do from the page; `it` is what was spoken of last."""
    before, made = world.at, []
    try:
        for said in found:
            if not isinstance(said, Offering):
                continue
            draft = object_thing(world, said.phrase)
            made += [
                _offer(world, draft, verb, said.phrase, said.fields) for verb in said.phrase.verbs
            ]
            world.at = draft.name
    finally:
        world.at = before
    return (Offered(tuple(made)),)


@means("visible")
def visible(_: World, __: str) -> tuple[Fact, ...]:
    """Everybody sees it."""
    return (Seen(("anyone",)),)


def page_name(token: Token) -> str:
    """Return the name between the stars."""
    return " ".join(token.text.strip("*").strip().removesuffix(":").split())


def _once(parts: tuple[Part, ...]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for part in parts:
        if part.name in said:
            raise Nonsense(f"{part.name.replace('_', ' ')} is said twice", "Say it once.")
        said[part.name] = part.value
    return said


def _sorts(world: World, draft: Draft, keys: tuple[Key, ...]) -> tuple[Sort, ...]:
    return tuple(_sort(world, draft, key) for key in keys)


def _sort(world: World, draft: Draft, key: Key) -> Sort:
    if key.field is None:
        return Sort(AGE, key.descending)
    field = world.field_of(draft, key.field)
    if key.yes_no and field.kind != "yes_no":
        raise Nonsense(
            f"{field.name} is not yes or no",
            f"Write: lowest {field.name} first, or: by {field.name}.",
            key.field,
        )
    if field.kind in _UNSORTED:
        raise Nonsense(f"a {field.kind} has no order", "Sort by another field.", key.field)
    return Sort(field.name, key.descending)


def _searched(world: World, draft: Draft, tokens: tuple[Token, ...]) -> tuple[str, ...]:
    for token in tokens:
        if world.field_of(draft, token).kind not in ("text", "list", "choice", "link"):
            raise Nonsense(f'"{token.text}" is no text', "Search looks into texts.", token)
    return _names(world, draft, tokens)


def _names(world: World, draft: Draft, tokens: tuple[Token, ...]) -> tuple[str, ...]:
    return tuple(world.field_of(draft, token).name for token in tokens)


def _child(world: World, draft: Draft, things: Token, keys: tuple[Key, ...]) -> Children:
    child = world.thing(things)
    if child not in list(world.children(draft.name)):
        raise world.missing(
            f"a {child.name} does not belong to a {draft.name}",
            f"Write under Things: A {child.name} belongs to a {draft.name}.",
            things,
            child.name,
            draft.name,
        )
    return Children(child.name, _sorts(world, child, keys))


def _offer(
    world: World, draft: Draft, verb: str, phrase: Phrase, tokens: tuple[Token, ...]
) -> Offer:
    action = _action(world, draft, verb, phrase)
    fields = _names(world, draft, tokens)
    missing = [name for name in fields if name not in [take.field for take in action.takes]]
    if missing:
        raise Nonsense(
            f"{verb} does not take {missing[0]}",
            f"Say under Actions that one can {verb} the {missing[0]} of a {draft.name}.",
            phrase.at,
        )
    return Offer(ActionRef(action.kind, action.verb, action.thing), fields)


def _action(world: World, draft: Draft, verb: str, phrase: Phrase) -> Action:
    kinds = ("delete_all",) if phrase.object.kind == "every" else _SINGLE
    action = world.find_action(verb, draft.name, kinds)
    if action is None:
        target = f"all {draft.plural}" if phrase.object.kind == "every" else f"a {draft.name}"
        raise world.missing(
            f"no sentence under Actions says who can {verb} {target}",
            f"Write there: Anyone can {verb} {target}.",
            phrase.at,
            verb,
            draft.name,
        )
    return action


_SINGLE = ("create", "change", "delete", "custom")
