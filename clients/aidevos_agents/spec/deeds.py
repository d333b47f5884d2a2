"""Meaning functions of what may be done: verbs, objects, what is given, guards, effects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from aidevos_agents.spec.conditions import NONE, opposite
from aidevos_agents.spec.meaning import Nonsense, means
from aidevos_agents.spec.raw import Bare, RawCondition, RawValue, Said, Sum, Way
from aidevos_agents.spec.words import Token
from aidevos_agents.spec.world import Draft, World

ObjectKind = Literal["one", "new", "every", "some", "it", "none"]


@dataclass(frozen=True, slots=True)
class Object:
    """What is acted on; `it` is the thing spoken of."""

    kind: ObjectKind
    thing: str = ""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Verbs and their object: `add and delete a plant`, `change its name`."""

    verbs: tuple[str, ...]
    object: Object
    at: Token | None
    fields: tuple[Token, ...] | None = None
    into: str = ""


@dataclass(frozen=True, slots=True)
class TakeSaid:
    """A field that is given; `rest` makes all after it optional too."""

    field: Token
    optional: bool = False
    rest: bool = False


@dataclass(frozen=True, slots=True)
class Giving:
    """What the caller gives."""

    takes: tuple[TakeSaid, ...]


@dataclass(frozen=True, slots=True)
class Guard:
    """When it may be done."""

    condition: RawCondition


@dataclass(frozen=True, slots=True)
class Effect:
    """A field's new value; without a field, the thing is deleted."""

    field: Token | None
    to: RawValue | None = None
    so: Bare | None = None
    """A word alone that holds from now on: `it becomes closed`."""


@dataclass(frozen=True, slots=True)
class Effects:
    """All that becomes different."""

    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class Deed:
    """One clause after `can`."""

    phrase: Phrase
    giving: Giving | None = None
    guard: Guard | None = None
    effects: Effects | None = None


@means("verb", "step_verb")
def verb(_: World, word: Token, particle: str = "") -> tuple[str, Token]:
    """A verb with its particle."""
    return (f"{word.word} {particle}".strip(), word)


@means("particle", "tail")
def words(_: World, *tokens: Any) -> str:
    """The words themselves."""
    return " ".join(token.word for token in tokens)


@means("verbs")
def verbs(_: World, *found: tuple[str, Token]) -> tuple[tuple[str, Token], ...]:
    """Several verbs of one object."""
    return found


@means("one")
def one(world: World, thing: Token) -> Object:
    """Any one thing."""
    return Object("one", world.thing(thing).name)


@means("new")
def new(world: World, thing: Token) -> Object:
    """A thing that is not there yet."""
    return Object("new", world.thing(thing).name)


@means("every")
def every(world: World, thing: Token) -> Object:
    """All things of a kind."""
    return Object("every", world.thing(thing).name)


@means("some")
def some(world: World, thing: Token) -> Object:
    """Things of a kind."""
    return Object("some", world.thing(thing).name)


@means("it")
def it(_: World) -> Object:
    """The thing spoken of, which is known when the sentence is put together."""
    return Object("it")


@means("act")
def act(world: World, found: tuple[tuple[str, Token], ...], target: Object, *rest: Any) -> Phrase:
    """Verbs, an object, and perhaps a particle and a place."""
    tail = next((part for part in rest if isinstance(part, str)), "")
    into = next((part.thing for part in rest if isinstance(part, Object)), "")
    if tail and len(found) > 1:
        raise Nonsense(f'"{tail}" goes with one verb', at=found[0][1])
    names = tuple(f"{name} {tail}".strip() for name, _ in found)
    return Phrase(names, target, found[0][1], into=into)


@means("into")
def into(world: World, thing: Token) -> Object:
    """Where a new thing goes: its parent."""
    return Object("one", world.thing(thing).name)


@means("alter_of")
def alter_of(world: World, change: str, fields: Any, target: Object) -> Phrase:
    """Change fields of a thing."""
    return Phrase((change,), target, None, _tokens(fields))


@means("alter_poss")
def alter_poss(world: World, change: str, target: Object, fields: Any) -> Phrase:
    """Change a thing's fields."""
    return Phrase((change,), target, None, _tokens(fields))


@means("alter_its", "alter_fields")
def alter_its(world: World, change: str, fields: Any) -> Phrase:
    """Change fields of the thing spoken of."""
    return Phrase((change,), Object("it"), None, _tokens(fields))


@means("change_verb")
def change_verb(_: World, word: Token) -> str:
    """The author's word for changing."""
    return word.word


@means("fields")
def fields(_: World, *names: Token) -> tuple[Token, ...]:
    """Names of fields."""
    return names


@means("take")
def take(_: World, name: Token) -> TakeSaid:
    """A field that must be given."""
    return TakeSaid(name)


@means("optional_take")
def optional_take(_: World, name: Token) -> TakeSaid:
    """A field that may be given."""
    return TakeSaid(name, optional=True)


@means("optional_rest")
def optional_rest(_: World, name: Token) -> TakeSaid:
    """From here on all may be given."""
    return TakeSaid(name, optional=True, rest=True)


@means("takes")
def takes(_: World, *found: TakeSaid) -> Giving:
    """All that is given; `optionally` holds to the end of the list."""
    optional, said = False, []
    for part in found:
        optional = optional or part.rest
        said.append(TakeSaid(part.field, part.optional or optional))
    return Giving(tuple(said))


@means("giving")
def giving(_: World, found: Giving) -> Giving:
    """What the caller gives."""
    return found


@means("giving_optional")
def giving_optional(_: World, found: Giving) -> Giving:
    """All of it may be left out."""
    return Giving(tuple(TakeSaid(one.field, optional=True) for one in found.takes))


@means("giving_nothing")
def giving_nothing(_: World) -> Giving:
    """Nothing is given."""
    return Giving(())


@means("guard_when")
def guard_when(_: World, condition: RawCondition) -> Guard:
    """Only then."""
    return Guard(condition)


@means("guard_unless")
def guard_unless(_: World, condition: RawCondition) -> Guard:
    """Not then."""
    return Guard(opposite(condition))


@means("effects")
def effects(_: World, *found: Effect) -> Effects:
    """All that becomes different."""
    return Effects(found)


@means("effect_set")
def effect_set(_: World, name: Token, value: RawValue) -> Effect:
    """A field becomes a value."""
    return Effect(name, value)


@means("effect_clear")
def effect_clear(_: World, name: Token) -> Effect:
    """A field is cleared."""
    return Effect(name, NONE)


@means("effect_up")
def effect_up(_: World, name: Token, value: RawValue) -> Effect:
    """A field goes up."""
    return Effect(name, Sum("add", Way((name,)), value))


@means("one_more")
def one_more(_: World) -> Said:
    """The word one, as a number."""
    return Said("int", "1", None)


@means("effect_down")
def effect_down(_: World, name: Token, value: RawValue) -> Effect:
    """A field goes down."""
    return Effect(name, Sum("sub", Way((name,)), value))


@means("effect_so")
def effect_so(world: World, *parts: Any) -> Effect:
    """A word holds from now on."""
    return _so(world, parts, holds=True)


@means("effect_not_so")
def effect_not_so(world: World, *parts: Any) -> Effect:
    """A word holds no longer."""
    return _so(world, parts, holds=False)


@means("effect_delete")
def effect_delete(_: World, *__: Token) -> Effect:
    """The thing is deleted."""
    return Effect(None)


@means("deed")
def deed(_: World, phrase: Phrase, *rest: Any) -> Deed:
    """One clause after `can`."""
    return Deed(
        phrase,
        next((part for part in rest if isinstance(part, Giving)), None),
        next((part for part in rest if isinstance(part, Guard)), None),
        next((part for part in rest if isinstance(part, Effects)), None),
    )


@means("parts")
def parts(world: World, *found: Token) -> tuple[tuple[str, Token], ...]:
    """Participles as verbs."""
    return tuple((world.lexicon.base(token.text), token) for token in found)


def _so(_: World, parts: tuple[Any, ...], *, holds: bool) -> Effect:
    word = parts[-1].word
    return Effect(word, None, Bare(word, holds))


def object_thing(world: World, phrase: Phrase) -> Draft:
    """Return the thing that a phrase is about; with fields alone, the one that has them all."""
    if phrase.object.thing:
        return world.draft(phrase.object.thing)
    return world.here(phrase.at)


def _tokens(found: Any) -> tuple[Token, ...]:
    return found if isinstance(found, tuple) else (found,)
