"""Meaning functions of sentences about things and rules."""

from __future__ import annotations

from typing import Any

from aidevos_agents.spec.cells import Clause, bound_test, relation_test
from aidevos_agents.spec.conditions import noun_and_filter
from aidevos_agents.spec.facts import Belongs, Called, Cascades, Fact, FieldRuled, Ruled
from aidevos_agents.spec.meaning import Nonsense, means
from aidevos_agents.spec.model import Always, AtMost
from aidevos_agents.spec.raw import RawCondition, RawValue, Said, Test, Way
from aidevos_agents.spec.resolve import Resolver
from aidevos_agents.spec.words import Token, string_value
from aidevos_agents.spec.world import Draft, World


@means("belongs")
def belongs(world: World, child: Token, *parents: Token) -> tuple[Fact, ...]:
    """A thing is part of others."""
    name = world.thing(child).name
    return tuple(Belongs(name, world.thing(parent).name) for parent in parents)


@means("belongs_gone")
def belongs_gone(world: World, child: Token, parent: Token) -> tuple[Fact, ...]:
    """A thing is part of another and goes with it."""
    names = world.thing(child).name, world.thing(parent).name
    return (Belongs(*names), Cascades(*names))


@means("has_many")
def has_many(world: World, parent: Token, child: Token) -> tuple[Fact, ...]:
    """A thing has many of another."""
    return (Belongs(world.thing(child).name, world.thing(parent).name),)


@means("its_cascade")
def its_cascade(world: World, child: Token) -> tuple[Fact, ...]:
    """What belongs to the thing spoken of goes with it."""
    return _cascade(world, world.thing(child), world.here(child), child)


@means("parent_cascade")
def parent_cascade(world: World, parent: Token, child: Token) -> tuple[Fact, ...]:
    """Deleting a thing deletes what belongs to it."""
    return _cascade(world, world.thing(child), world.thing(parent), child)


@means("child_cascade")
def child_cascade(world: World, child: Token, parent: Token) -> tuple[Fact, ...]:
    """A thing goes with what it belongs to."""
    return _cascade(world, world.thing(child), world.thing(parent), child)


@means("plural")
def plural(world: World, *parts: Token | str) -> tuple[Fact, ...]:
    """How several are called."""
    named = [part for part in parts[:-1] if isinstance(part, Token)]
    if named and _is_thing(world, named[0]):
        return (Called(world.thing(named[0]).name, _name(parts[1:])),)
    return (Called(world.here().name, _name(parts)),)


@means("counted")
def counted(_: World, *parts: Any) -> Any:
    """Things of a kind, perhaps only some."""
    return noun_and_filter(parts)


@means("limit_number")
def limit_number(world: World, found: Any, owner: Token, most: Token) -> tuple[Fact, ...]:
    """The number of others that a thing has is at most so many."""
    return _limit(world, most, found, _way_to(world, world.thing(found[0]), owner))


@means("limit")
def limit(world: World, most: Token, found: Any) -> tuple[Fact, ...]:
    """At most so many in all."""
    return _limit(world, most, found)


@means("limit_bare")
def limit_bare(world: World, most: Token, noun: Token, where: RawCondition) -> tuple[Fact, ...]:
    """At most so many may be so."""
    return _limit(world, most, (noun, where))


@means("limit_per_thing")
def limit_per_thing(world: World, owner: Token, most: Token, found: Any) -> tuple[Fact, ...]:
    """A thing has at most so many of others."""
    return _limit(world, most, found, _way_to(world, world.thing(found[0]), owner))


@means("limit_per")
def limit_per(world: World, per: Token, most: Token, found: Any) -> tuple[Fact, ...]:
    """For each value of a field at most so many."""
    field = world.field_of(world.thing(found[0]), per)
    if field.kind != "reference":
        raise Nonsense(f"{field.name} is no thing", "Count per thing.", per)
    return _limit(world, most, found, field.name)


@means("always_for")
def always_for(world: World, thing: Token, condition: RawCondition) -> tuple[Fact, ...]:
    """For every thing this holds."""
    return _always(world, world.thing(thing), condition)


@means("subject")
def subject(world: World, one: Token, other: Token) -> tuple[Draft, Token]:
    """A field of every thing, in either order."""
    for field, thing in ((one, other), (other, one)):
        if world.lexicon.names("FIELD", field.text) and _is_thing(world, thing):
            draft = world.thing(thing)
            if set(world.lexicon.names("FIELD", field.text)) & set(draft.every_field()):
                return draft, field
    raise Nonsense(f'"{one.text}" and "{other.text}" are no field and its thing', at=one)


@means("always_equals")
def always_equals(world: World, found: tuple[Draft, Token], value: RawValue) -> tuple[Fact, ...]:
    """A field always is that."""
    return _always(world, found[0], Test("eq", Way((found[1],)), value))


@means("always_not")
def always_not(world: World, found: tuple[Draft, Token], value: RawValue) -> tuple[Fact, ...]:
    """A field never is that."""
    return _always(world, found[0], Test("ne", Way((found[1],)), value))


@means("always_compare")
def always_compare(
    world: World, found: tuple[Draft, Token], op: str, value: RawValue
) -> tuple[Fact, ...]:
    """A field always is more or less than something that is no plain number."""
    if isinstance(value, Said) and value.kind in ("int", "decimal", "money"):
        raise Nonsense("this is a bound of the field")
    return _always(world, found[0], Test(op, Way((found[1],)), value))


@means("field_rule")
def field_rule(world: World, found: tuple[Draft, Token], *clauses: Clause) -> tuple[Fact, ...]:
    """The rule column's clauses as a sentence."""
    draft, token = found
    field = world.field_of(draft, token)
    return tuple(clause_fact(world, draft, field.name, token, clause) for clause in clauses)


@means("no_two")
def no_two(world: World, things: Token, name: Token, *ignoring: str) -> tuple[Fact, ...]:
    """No two have the same."""
    draft = world.thing(things)
    field = world.field_of(draft, name)
    return (FieldRuled(draft.name, field.name, Clause("unique", bool(ignoring))),)


@means("clause")
def clause(_: World, found: Clause) -> Clause:
    """One clause."""
    return found


@means("rule_cell")
def rule_cell(_: World, *clauses: Clause) -> tuple[Clause, ...]:
    """All clauses of a cell."""
    return clauses


def clause_fact(world: World, draft: Draft, name: str, token: Token, found: Clause) -> Fact:
    """Return what a clause says: relations, and bounds of what is computed, are rules."""
    field = draft.fields.get(name)
    computed = field is not None and field.source == "derived"
    if found.name == "relation":
        test: RawCondition = relation_test(name, token, found)
    elif found.name == "bound" and computed:
        test = bound_test(name, token, found)
    else:
        return FieldRuled(draft.name, name, found)
    return Ruled(Always(thing=draft.name, holds=Resolver(world, draft).condition(test)))


def _always(world: World, draft: Draft, condition: RawCondition) -> tuple[Fact, ...]:
    return (Ruled(Always(thing=draft.name, holds=Resolver(world, draft).condition(condition))),)


def _limit(world: World, most: Token, found: Any, per: str = "") -> tuple[Fact, ...]:
    noun, where = found
    draft = world.thing(noun)
    if int(most.text) < 0:
        raise Nonsense("a limit is not negative", "Write a whole number.", most)
    condition = None if where is None else Resolver(world, draft).condition(where)
    rule = AtMost(thing=draft.name, most=int(most.text), where=condition, per=per)
    return (Ruled(rule),)


def _way_to(world: World, child: Draft, owner: Token) -> str:
    holder = world.thing(owner)
    ways = [name for name, field in child.every_field().items() if field.of == holder.name]
    if len(ways) != 1:
        raise world.missing(
            f"a {child.name} does not belong to a {holder.name}"
            if not ways
            else f"a {child.name} has several ways to a {holder.name}: {', '.join(ways)}",
            "Write: For each FIELD there can be at most ... .",
            owner,
            child.name,
            holder.name,
        )
    return ways[0]


def _cascade(world: World, child: Draft, parent: Draft, at: Token) -> tuple[Fact, ...]:
    if parent.name not in [found.thing for found in child.parents]:
        raise world.missing(
            f"a {child.name} does not belong to a {parent.name}",
            f"Write: A {child.name} belongs to a {parent.name}.",
            at,
            child.name,
            parent.name,
        )
    return (Cascades(child.name, parent.name),)


def _is_thing(world: World, token: Token) -> bool:
    lexicon = world.lexicon
    return bool(lexicon.names("THING", token.text) or lexicon.names("THINGS", token.text))


def _name(parts: Any) -> str:
    if len(parts) == 1 and parts[0].kind == "STRING":
        return string_value(parts[0].text)
    return " ".join(part.word for part in parts)
