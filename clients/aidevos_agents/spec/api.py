"""Meaning functions of the API table's cells, and how a row becomes a route."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from aidevos_agents.spec.deeds import Phrase, object_thing
from aidevos_agents.spec.english import article
from aidevos_agents.spec.meaning import Nonsense, means
from aidevos_agents.spec.model import ActionRef, Bind, Gives, Route, parent_field
from aidevos_agents.spec.words import Token, string_value
from aidevos_agents.spec.world import READING, Draft, World

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_ROUTE = re.compile(r"^([A-Z]+)\s+(/\S*)$")
_SEGMENT = re.compile(r"^(?:[A-Za-z0-9][A-Za-z0-9._~-]*|\{[a-z][a-z0-9_]*\})$")
EVERYTHING = "everything"
_STATUS = {"create": 201, "delete": 204, "delete_all": 204}
_GIVES: dict[str, Gives] = {
    "delete": "nothing",
    "delete_all": "nothing",
    "list": "many",
}


@dataclass(frozen=True, slots=True)
class Called:
    """What a row calls: an action or a reading; `page` if a page's list is read."""

    ref: ActionRef
    page: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """What a row gives."""

    status: int | None = None
    body: Gives | None = None


@means("api_action")
def api_action(world: World, found: Any) -> Called:
    """What a row calls."""
    return found if isinstance(found, Called) else _called(world, found)


@means("list_page_of")
def list_page_of(world: World, verb: Token, page: Token) -> Called:
    """What a page shows, as a list."""
    _must_read(verb)
    text = string_value(page.text) if page.kind == "STRING" else page.text
    bare = text.casefold().removeprefix("all ")
    if page.kind != "STRING" and world.lexicon.names("THINGS", bare):
        raise Nonsense("all of them are listed, whatever a page is called", at=page)
    names = world.lexicon.names("PAGE", text)
    pages = [found for found in world.pages if found.name in names and found.kind == "list"]
    if not pages:
        raise Nonsense(f'there is no page "{text}" with a list', "Name a page.", page)
    return Called(ActionRef("list", verb.word, pages[0].thing), pages[0].name)


@means("list_of")
def list_of(world: World, verb: Token, things: Token, parent: Token) -> Called:
    """What belongs to one thing; the route names which."""
    _must_read(verb)
    child, owner = world.thing(things), world.thing(parent)
    if all(field.of != owner.name for field in child.every_field().values()):
        raise Nonsense(f"a {child.name} has no {owner.name}", at=parent)
    return Called(ActionRef("list", verb.word, child.name))


@means("api_takes")
def api_takes(world: World, *names: Any) -> tuple[Token, ...]:
    """Fields of the body or the query."""
    if EVERYTHING not in names:
        return names
    action = world.called
    if action is None:
        raise Nonsense("a reading takes only what it names", "Name the fields, or leave it empty.")
    return tuple(Token("WORD", take.field, 0, 0) for take in action.takes)


@means("takes_all")
def takes_all(_: World) -> str:
    """All that the action takes."""
    return EVERYTHING


@means("gives_one")
def gives_one(world: World, *thing: Token) -> tuple[Gives, str]:
    """One thing."""
    return "one", world.thing(thing[0]).name if thing else ""


@means("gives_many")
def gives_many(world: World, things: Token) -> tuple[Gives, str]:
    """Many things."""
    return "many", world.thing(things).name


@means("gives_nothing")
def gives_nothing(_: World) -> tuple[Gives, str]:
    """Nothing."""
    return "nothing", ""


@means("api_gives")
def api_gives(world: World, *parts: Any) -> Given:
    """Status and body."""
    status = next((int(part.text) for part in parts if isinstance(part, Token)), None)
    body = next((part for part in parts if isinstance(part, tuple)), None)
    if status is not None and not 200 <= status <= 299:
        raise Nonsense(f"{status} is no status of success", "Write 200, 201 or 204.")
    if body is not None and body[1] not in ("", world.at):
        raise Nonsense(f"a {body[1]} is given by another action", f"Write: a {world.at}.")
    return Given(status, None if body is None else body[0])


def route_of(
    world: World, called: Called, place: str, takes: tuple[Token, ...], given: Given
) -> Route:
    """Return the route of a row; raises Nonsense for what does not go together."""
    draft, kind = world.draft(called.ref.thing), called.ref.kind
    method, path = _method_and_path(place)
    body = given.body or _GIVES.get(kind, "one")
    _must_give(kind, body)
    binds = tuple(_binds(draft, path, kind))
    _must_name(draft, path, kind, binds)
    return Route(
        method=cast(Any, method),
        path=path,
        action=called.ref,
        takes=_takes(world, draft, called, takes),
        status=given.status or (204 if body == "nothing" else _STATUS.get(kind, 200)),
        gives=body,
        page=called.page,
        binds=binds,
    )


def placeholders(path: str) -> list[str]:
    """Return the names between braces."""
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def _called(world: World, phrase: Phrase) -> Called:
    if len(phrase.verbs) > 1:
        raise Nonsense("a row is one action", "Give each action its own row.", phrase.at)
    verb, draft, target = phrase.verbs[0], object_thing(world, phrase), phrase.object.kind
    kinds = ("delete_all",) if target in ("every", "some") else ()
    found = world.find_action(verb, draft.name, kinds or ("create", "change", "delete", "custom"))
    if found is not None:
        return Called(ActionRef(found.kind, found.verb, found.thing))
    if verb in READING:
        kind = "list" if target in ("every", "some") else "show"
        return Called(ActionRef(cast(Any, kind), verb, draft.name))
    words = f"{verb} {article(draft.name)}" if not kinds else f"{verb} all {draft.plural}"
    raise world.missing(
        f"no sentence under Actions says who can {words}",
        f"Write there: Anyone can {words}.",
        phrase.at,
        verb,
        draft.name,
    )


def _must_read(verb: Token) -> None:
    if verb.word not in READING:
        raise Nonsense(f'"{verb.text}" is no word for reading', "Write: list.", verb)


def _method_and_path(place: str) -> tuple[str, str]:
    found = _ROUTE.match(place.strip().strip("`"))
    if found is None or found[1] not in METHODS:
        raise Nonsense(
            f'"{place}" is no route', f"Write one of {', '.join(METHODS)} and a path: GET /things."
        )
    path = found[2].rstrip("/") or "/"
    names = placeholders(path)
    if not all(_SEGMENT.match(part) for part in path[1:].split("/")) and path != "/":
        raise Nonsense(f'"{path}" is no path', "Write words and {placeholders} between slashes.")
    if len(set(names)) != len(names):
        raise Nonsense("a placeholder is there twice", "Name each differently: {id}, {other}.")
    return found[1], path


def _must_give(kind: str, body: Gives) -> None:
    if (body == "many") != (kind == "list"):
        raise Nonsense(
            f"{kind.replace('_', ' ')} does not give {body}", "Correct the column gives."
        )
    if body == "one" and kind in ("delete", "delete_all"):
        raise Nonsense("what is deleted cannot be given", "Write: 204, nothing.")


def _takes(
    world: World, draft: Draft, called: Called, tokens: tuple[Token, ...]
) -> tuple[str, ...]:
    names = [world.field_of(draft, token).name for token in tokens]
    if called.ref.kind in ("list", "show"):
        return tuple(names)
    action = world.find_action(called.ref.verb, draft.name, (called.ref.kind,))
    known = [take.field for take in action.takes] if action else []
    for name, token in zip(names, tokens, strict=True):
        if name not in known:
            raise Nonsense(
                f"{called.ref.verb} does not take {name}",
                f"Say under Actions that {name} is given, or leave it out here.",
                token,
            )
    return tuple(names)


def _binds(draft: Draft, path: str, kind: str) -> Iterator[Bind]:
    """A placeholder is the thing itself ({id}) or names a field, a parent mostly."""
    parts = path.split("/")
    fields = draft.every_field()
    own = kind not in ("create", "list", "delete_all")
    for index, part in enumerate(parts):
        if not part.startswith("{"):
            continue
        name = part[1:-1]
        if name == "id" and own:
            continue
        field = name if name in fields else name.removesuffix("_id")
        if field not in fields:
            field = _parent_of(draft, parts[index - 1])
        if not field:
            raise Nonsense(
                f"{{{name}}} names no field of a {draft.name}",
                "Write {id} for the thing itself, or the name of what it belongs to.",
            )
        yield Bind(name, field)


def _parent_of(draft: Draft, segment: str) -> str:
    """Return the parent's field that `/shelves/{id}` speaks of, or nothing."""
    word = segment.replace("-", " ").replace("_", " ").casefold()
    named = [
        parent_field(parent)
        for parent in draft.parents
        if word == parent.thing or word.startswith(parent.thing[:-1])
    ]
    if len(named) == 1:
        return named[0]
    return parent_field(draft.parents[0]) if len(draft.parents) == 1 else ""


def _must_name(draft: Draft, path: str, kind: str, binds: tuple[Bind, ...]) -> None:
    names = placeholders(path)
    bound = [bind.placeholder for bind in binds]
    own = [name for name in names if name not in bound]
    if kind in ("show", "change", "delete", "custom") and not own:
        raise Nonsense(
            f"the path does not say which {draft.name} is meant", "Put {id} into the path."
        )
