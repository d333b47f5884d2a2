"""Meaning functions of scenario steps. A step with several values checks each by itself."""

from __future__ import annotations

from typing import Any

from aidevos_agents.spec.conditions import NONE
from aidevos_agents.spec.deeds import Object
from aidevos_agents.spec.meaning import Nonsense, Reader, means
from aidevos_agents.spec.model import (
    Action,
    ActionRef,
    Always,
    AtMost,
    Body,
    Count,
    Do,
    Field,
    Given,
    Has,
    Make,
    Refused,
    Rule,
    Value,
)
from aidevos_agents.spec.raw import Said
from aidevos_agents.spec.values import must_be_in, value_for
from aidevos_agents.spec.words import Token, string_value, tokenize
from aidevos_agents.spec.world import CHANGING, Draft, World

Bodies = tuple[Body, ...]
Pair = tuple[Token, tuple[Said, ...] | None]
COUNT_MAX = 1_000
_NUMBERS = ("", "", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NAMING = ("name", "title")
"""The fields that `a plant named "Fern"` may speak of, the first that there is."""
_REASONS = {
    "required_reason": "REQUIRED",
    "too_short": "TOO_SHORT",
    "too_long": "TOO_LONG",
    "too_small": "TOO_SMALL",
    "too_large": "TOO_LARGE",
    "too_many": "TOO_MANY",
    "too_few": "TOO_FEW",
    "repeated": "REPEATED",
    "not_unique": "NOT_UNIQUE",
    "not_a_choice": "NOT_A_CHOICE",
    "wrong_type": "TYPE",
    "wrong_characters": "CHARACTERS",
    "not_there": "NOT_THERE",
    "in_use": "IN_USE",
    "state_reason": "STATE",
    "rule_reason": "RULE",
    "limit_reason": "LIMIT",
}


@means("given")
def given(_: World, name: Token, *values: Said) -> Pair:
    """A field and its value; several texts are a list."""
    return name, values


@means("given_none")
def given_none(_: World, name: Token) -> Pair:
    """A field without a value."""
    return name, (NONE,)


@means("given_empty")
def given_empty(_: World, name: Token) -> Pair:
    """A list without items."""
    return name, ()


@means("given_any")
def given_any(_: World, name: Token) -> Pair:
    """A field with any value."""
    return name, None


@means("part_given")
def part_given(world: World, part: Token, value: Said) -> tuple[Pair, ...]:
    """A participle of a field's name and its value: `priced 4.20`."""
    return ((Token("WORD", world.lexicon.base(part.text), part.start, part.end), (value,)),)


@means("named_given")
def named_given(_: World, value: Token) -> tuple[Pair, ...]:
    """What it is called: its name or title."""
    said = Said("string", string_value(value.text), value)
    return ((Token("NAMED", value.text, value.start, value.end), (said,)),)


@means("without_values")
def without_values(_: World, name: Token) -> tuple[Pair, ...]:
    """A field that is not given."""
    return ((name, (NONE,)),)


@means("values")
def values(_: World, *pairs: Any) -> tuple[Pair, ...]:
    """All that is given."""
    flat: list[Pair] = []
    for pair in pairs:
        flat.extend(pair if isinstance(pair[0], tuple) else [pair])
    return tuple(flat)


@means("made_one")
def made_one(world: World, thing: Token) -> tuple[Draft, int]:
    """One thing."""
    return world.thing(thing), 1


@means("made_many")
def made_many(world: World, number: Token | str, noun: Token) -> tuple[Draft, int]:
    """So many things."""
    count = _NUMBERS.index(number) if isinstance(number, str) else int(number.text)
    if not 0 <= count <= COUNT_MAX:
        raise Nonsense(f"at most {COUNT_MAX} things are made in a step", at=noun)
    return world.thing(noun), count


@means("make")
def make(world: World, made: tuple[Draft, int], *rest: Any) -> Bodies:
    """Things that are there."""
    draft, count = made
    if world.keyword == "then":
        if count != 1 or rest:
            raise Nonsense("nothing is made after Then", "Write Given.")
        return (Count(thing=draft.name, count=1),)
    _place(world, draft, rest)
    return (Make(thing=draft.name, values=_givens(world, draft, rest), count=count),)


@means("do")
def do(world: World, verb: tuple[str, Token], target: Object, *rest: Any) -> Bodies:
    """An action."""
    tail = next((part for part in rest if isinstance(part, str)), "")
    draft = world.draft(target.thing) if target.thing else world.here(verb[1])
    word, _, particle = verb[0].partition(" ")
    name = f"{world.lexicon.base(word)} {particle} {tail}".strip()
    return _do(world, draft, " ".join(name.split()), target, rest, verb[1])


@means("done")
def done(world: World, target: Object, part: Token, *rest: Any) -> Bodies:
    """An action, in the passive."""
    draft = world.draft(target.thing) if target.thing else world.here(part)
    return _do(world, draft, world.lexicon.base(part.text), target, rest, part)


@means("set_")
def set_(world: World, *parts: Any) -> Bodies:
    """A change of one field."""
    draft = next((part for part in parts if isinstance(part, Draft)), None) or world.here()
    name = next(part for part in parts if isinstance(part, Token))
    said = tuple(part for part in parts if isinstance(part, Said))
    field = world.field_of(draft, name)
    action = _changing(world, draft, field, name)
    ref = ActionRef(action.kind, action.verb, action.thing)
    return (Do(action=ref, values=(Given(field.name, _value(field, said)),)),)


@means("target_thing")
def target_thing(world: World, thing: Token) -> Draft:
    """The thing that is spoken of."""
    return world.thing(thing)


@means("has")
def has(world: World, *parts: Any) -> Bodies:
    """The thing has these values."""
    if isinstance(parts[0], Draft):
        draft, pairs = parts[0], parts[1:]
    else:
        draft, pairs = world.here(), parts
    return tuple(_has(world, draft, pair) for pair in pairs)


@means("has_is")
def has_is(_: World, *found: Bodies) -> Bodies:
    """The thing's fields are so."""
    return tuple(body for part in found for body in part)


@means("is_item")
def is_item(world: World, *parts: Any) -> Bodies:
    """One field is so."""
    draft = next((part for part in parts if isinstance(part, Draft)), None) or world.here()
    name = next(part for part in parts if isinstance(part, Token))
    said = tuple(part for part in parts if isinstance(part, Said))
    return (_has(world, draft, (name, said)),)


@means("is_item_empty")
def is_item_empty(world: World, *parts: Any) -> Bodies:
    """One field has no value."""
    draft = next((part for part in parts if isinstance(part, Draft)), None) or world.here()
    name = next(part for part in parts if isinstance(part, Token))
    return (_has(world, draft, (name, (NONE,))),)


@means("is_item_any")
def is_item_any(world: World, *parts: Any) -> Bodies:
    """One field has any value."""
    draft = next((part for part in parts if isinstance(part, Draft)), None) or world.here()
    name = next(part for part in parts if isinstance(part, Token))
    return (_has(world, draft, (name, None)),)


@means("is_so")
def is_so(world: World, *parts: Any) -> Bodies:
    """A yes-or-no field, or a choice's value, alone."""
    return _state(world, parts, holds=True)


@means("is_not_so")
def is_not_so(world: World, *parts: Any) -> Bodies:
    """A yes-or-no field alone: it is not so."""
    return _state(world, parts, holds=False)


@means("amount")
def amount(_: World, number: Token) -> int:
    """So many."""
    return int(number.text)


@means("amount_word")
def amount_word(_: World, number: str) -> int:
    """A number in words."""
    return _NUMBERS.index(number)


@means("amount_none")
def amount_none(_: World) -> int:
    """None."""
    return 0


@means("amount_one")
def amount_one(_: World) -> int:
    """One."""
    return 1


@means("shows")
def shows(world: World, page: Token, number: int, noun: Token) -> Bodies:
    """A page shows so many things."""
    found = _page(world, page)
    if world.thing(noun).name != found.thing:
        raise Nonsense(f"{found.name} shows {world.draft(found.thing).plural}", at=noun)
    return (Count(thing=found.thing, count=number, page=found.name),)


@means("shows_nothing")
def shows_nothing(world: World, page: Token) -> Bodies:
    """A page shows nothing."""
    found = _page(world, page)
    return (Count(thing=found.thing, count=0, page=found.name),)


@means("there_are")
def there_are(world: World, number: int, noun: Token) -> Bodies:
    """There are so many things."""
    if world.keyword == "given":
        raise Nonsense("nothing is counted after Given", "Write Then.")
    return (Count(thing=world.thing(noun).name, count=number),)


@means("refused")
def refused(_: World, why: Refused | None = None) -> Bodies:
    """The action before was refused."""
    return (why or Refused(),)


@means("why_field")
def why_field(world: World, name: Token, found: str) -> Refused:
    """Because of a field."""
    text = string_value(name.text) if name.kind == "STRING" else name.text
    if found in ("limit_reason", "in_use") and text in world.things:
        return Refused(field=text, reason=_REASONS[found])
    fields = [world.here(name)] if world.at else list(world.things.values())
    known = [
        one for draft in fields for one in draft.every_field()
        if one in world.lexicon.names("FIELD", text)
    ]  # fmt: skip
    if not known:
        raise world.missing(f'there is no field "{text}"', _near(world, text), name, text)
    return Refused(field=known[0], reason=_REASONS[found])


@means("why_so")
def why_so(world: World, *words: Any) -> Refused:
    """Because of what it is, or is not: the field that the word is of."""
    word = words[-1].word
    for field in world.here(word).every_field().values():
        named = field.name in world.lexicon.names("FIELD", word.text) and field.kind == "yes_no"
        if named or word.word in [choice.casefold() for choice in field.choices]:
            return Refused(field=field.name, reason="STATE")
    raise Nonsense(f'"{word.text}" says nothing of a {world.at}', "Name a field.", word)


@means("why_any")
def why_any(_: World, found: str) -> Refused:
    """Because of some field."""
    return Refused(reason=_REASONS[found])


@means("why_state")
def why_state(world: World, name: Token) -> Refused:
    """Because of what a field is now."""
    return Refused(field=world.field_of(world.here(name), name).name, reason="STATE")


@means("why_many")
def why_many(world: World, *noun: Token) -> Refused:
    """Because of a limit."""
    return Refused(field=world.thing(noun[0]).name if noun else "", reason="LIMIT")


@means("why_gone")
def why_gone(_: World, *__: Token) -> Refused:
    """Because the thing is not there."""
    return Refused(reason="NOT_FOUND")


@means("why_rule")
def why_rule(world: World, *name: Token) -> Refused:
    """Because of a rule, which may be quoted."""
    if not name:
        return Refused(reason="RULE")
    rule = _quoted_rule(world, name[0])
    if isinstance(rule, AtMost):
        return Refused(field=rule.thing, reason="LIMIT")
    return Refused(reason="RULE")


@means("step")
def step(world: World, bodies: Bodies) -> Bodies:
    """All that a step says, in its place: acting comes before `then`, looking after it."""
    for body in bodies:
        acts = isinstance(body, Make | Do)
        if acts and world.keyword == "then":
            raise Nonsense("after Then it is said what is so", "Write Given or When.")
        if not acts and world.keyword in ("given", "when"):
            raise Nonsense("what is looked at stands after Then", "Write Then.")
    return bodies


def _do(world: World, draft: Draft, verb: str, target: Object, rest: Any, at: Token) -> Bodies:
    kinds = ("delete_all",) if target.kind == "every" else _SINGLE
    action = world.find_action(verb, draft.name, kinds)
    if action is None:
        known = ", ".join(sorted({one.verb for one in world.actions if one.thing == draft.name}))
        raise world.missing(
            f'no sentence under Actions says who can "{verb}" a {draft.name}',
            f"A {draft.name} knows: {known or 'nothing'}.",
            at,
            verb,
            draft.name,
        )
    _place(world, draft, rest)
    found = _givens(world, draft, rest)
    ref = ActionRef(action.kind, action.verb, action.thing)
    return (Do(action=ref, values=_known(action, found, at)),)


_SINGLE = ("create", "change", "delete", "custom")


def _known(action: Action, found: tuple[Given, ...], at: Token) -> tuple[Given, ...]:
    names = [take.field for take in action.takes]
    for one in found:
        if one.field not in names:
            raise Nonsense(
                f"{action.verb} does not take {one.field}",
                f"Under Actions it takes: {', '.join(names) or 'nothing'}.",
                at,
            )
    return found


def _changing(world: World, draft: Draft, field: Field, at: Token) -> Action:
    for verb in sorted(CHANGING):
        action = world.find_action(verb, draft.name, ("change",))
        if action and field.name in [take.field for take in action.takes]:
            return action
    raise Nonsense(
        f"no sentence under Actions says who can change the {field.name} of a {draft.name}",
        f"Write there: Anyone can change the {field.name} of a {draft.name}.",
        at,
    )


def _place(world: World, draft: Draft, rest: Any) -> None:
    """`in the shelf` names the parent made last, which the step uses anyway."""
    for token in rest:
        if isinstance(token, Token):
            name = world.thing(token).name
            if name not in [field.of for field in draft.every_field().values()]:
                raise Nonsense(f"a {draft.name} does not belong to a {name}", at=token)


def _givens(world: World, draft: Draft, rest: Any) -> tuple[Given, ...]:
    pairs: tuple[Pair, ...] = next((part for part in rest if isinstance(part, tuple)), ())
    found = []
    for name, said in pairs:
        field = _called(draft, name) if name.kind == "NAMED" else world.field_of(draft, name)
        found.append(Given(field.name, _value(field, said or ())))
    names = [one.field for one in found]
    if len(set(names)) != len(names):
        raise Nonsense("a field is given twice", "Give each field once.")
    return tuple(found)


def _called(draft: Draft, at: Token) -> Field:
    fields = draft.every_field()
    named = next((fields[name] for name in _NAMING if name in fields), None)
    if named is None:
        raise Nonsense(f"a {draft.name} has no name and no title", "Write: with FIELD ... .", at)
    return named


def _value(field: Field, said: tuple[Said, ...]) -> Value | tuple[Value, ...] | None:
    """Return a value of the field's kind; what cannot be one stays as said, to be refused."""
    if said == (NONE,):
        return None
    if field.kind == "list":
        return tuple(one.text for one in said)
    if len(said) != 1:
        raise Nonsense(f"{field.name} has one value", "Give one.")
    must_be_in(field, said[0])
    try:
        return value_for(field, said[0])
    except Nonsense:
        return int(said[0].text) if said[0].kind == "int" else said[0].text


def _has(world: World, draft: Draft, pair: Pair) -> Has:
    name, said = pair
    field = world.field_of(draft, name)
    if said is None:
        return Has(thing=draft.name, field=field.name, present=True)
    if said == (NONE,):
        return Has(thing=draft.name, field=field.name, present=False)
    value = _value(field, said)
    if field.kind != "list":
        value = value_for(field, said[0])
    return Has(thing=draft.name, field=field.name, value=value)


def _state(world: World, parts: Any, *, holds: bool) -> Bodies:
    draft = next((part for part in parts if isinstance(part, Draft)), None) or world.here()
    word = next(part for part in parts if isinstance(part, Token))
    for field in draft.every_field().values():
        named = field.name in world.lexicon.names("FIELD", word.text)
        if named and field.kind == "yes_no":
            return (Has(thing=draft.name, field=field.name, value=holds),)
        chosen = [one for one in field.choices if one.casefold() == word.word]
        if chosen and holds:
            return (Has(thing=draft.name, field=field.name, value=chosen[0]),)
    raise Nonsense(f'"{word.text}" says nothing of a {draft.name}', "Write: has FIELD VALUE.", word)


def _page(world: World, token: Token) -> Any:
    text = string_value(token.text)
    for page in world.pages:
        if page.name.casefold() == text.casefold():
            return page
    known = ", ".join(page.name for page in world.pages) or "none"
    raise Nonsense(f'there is no page "{text}"', f"The pages are: {known}.", token)


def _quoted_rule(world: World, token: Token) -> Rule:
    """Return the rule that the quoted words say: as a sentence, or after `There can be`."""
    text = string_value(token.text)
    for candidate in (text, f"there can be {text}"):
        reader = Reader(world, world.lexicon.tag(tokenize(candidate.rstrip("."))))
        found = reader.read("sentence")
        facts = [one for facts in found for one in facts] if isinstance(found, list) else []
        for fact in facts:
            rule = getattr(fact, "rule", None)
            if isinstance(rule, AtMost | Always) and rule in world.rules:
                return rule
    raise Nonsense(f'there is no rule "{text}"', "Quote a sentence under Rules.", token)


def _near(world: World, text: str) -> str:
    found = world.lexicon.near(text, ("FIELD",))
    other = found is not None and found != text.casefold()
    return f'Did you mean "{found}"?' if other else "Name a field of what is spoken of."
