"""The first passes: things, their fields and types, what belongs to what, and the rule column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import msgspec

from aidevos_agents.spec.cells import Clause
from aidevos_agents.spec.clauses import apply_clause_to, in_order
from aidevos_agents.spec.english import regular_plural, singulars, true_plural
from aidevos_agents.spec.facts import Called, FieldRuled, Ruled
from aidevos_agents.spec.layout import Item, Layout
from aidevos_agents.spec.lexicon import is_currency
from aidevos_agents.spec.meaning import Nonsense
from aidevos_agents.spec.model import AGE, Field
from aidevos_agents.spec.reading import read
from aidevos_agents.spec.rules import clause_fact
from aidevos_agents.spec.words import Sentence, Token
from aidevos_agents.spec.world import Draft, World

_THING = re.compile(r"^[a-z][a-z0-9]*(?:[ -][a-z0-9]+)*$")
_FIELD = re.compile(r"^[a-z][a-z0-9_]*$")
_RESERVED = frozenset({"id", AGE})
_TYPES = (
    "The types are: text, yes or no, whole number, number, money in EUR, list of text, time, date,"
    " link, the name of a thing, or the values that there are: a, b or c."
)
NAME_MAX = 40
"""Characters of a thing's or field's name."""


def read_names(world: World, layout: Layout, lines: dict[str, int]) -> None:
    """Make a draft of each heading under Things and put its names into the lexicon."""
    for name, sentence in layout.headings:
        item = Item(sentence, "things", name)
        why = _name_problem(world, name)
        if why:
            item.refuse(why)
            layout.items.append(item)
            continue
        plural = _plural(world, name)
        world.things[name] = Draft(name, plural, sentence.line)
        lines[f"thing:{name}"] = sentence.line
        world.lexicon.add("THING", name, name)
    _read_plurals(world, layout)
    for draft in world.things.values():
        world.lexicon.add("THINGS", draft.plural, draft.name)


def read_fields(world: World, layout: Layout, lines: dict[str, int]) -> None:
    """Read names and types of all fields: the words that rules and sentences need."""
    for item in _rows(world, layout):
        draft = world.draft(item.thing)
        world.at = draft.name
        field = _field(world, draft, item)
        if field is None:
            world.broken.append((item.line, field_name(item).replace("_", " ")))
            continue
        draft.fields[field.name] = _with_currency(field, _cell(item, "rule"))
        lines[f"field:{draft.name}.{field.name}"] = item.line
        _learn(world, field)
    for draft in world.things.values():
        if not draft.fields:
            _no_fields(layout, draft)


def read_rules(world: World, layout: Layout, lines: dict[str, int]) -> None:
    """Read the rule column: by now every field, value and parent is known."""
    for item in _rows(world, layout):
        name = field_name(item)
        if item.problems or name not in world.draft(item.thing).fields:
            continue
        world.at, world.row = item.thing, name
        if _cell(item, "rule").tokens:
            clauses = read(world, item, _cell(item, "rule"), "rule_cell", wording=_clauses)
            _apply(world, item, name, clauses or (), lines)
        if not item.problems:
            item.understand(f"field:{item.thing}.{name}")
    world.at = world.row = ""


def apply_clause(world: World, fact: FieldRuled) -> None:
    """Apply a clause that was said as a sentence; raises Nonsense."""
    draft = world.draft(fact.thing)
    field = draft.fields.get(fact.field)
    if field is None:
        raise Nonsense(f"{fact.field} has no rules: it is what a {draft.name} belongs to")
    draft.fields[fact.field] = apply_clause_to(world, draft, field, fact.clause)


def field_name(item: Item) -> str:
    """Return the JSON name of a row's field."""
    raw = _cell(item, "field").text
    return re.sub(r"[ -]+", "_", raw.strip("`*").casefold())


def _apply(
    world: World, item: Item, name: str, clauses: tuple[Clause, ...], lines: dict[str, int]
) -> None:
    draft, at = world.draft(item.thing), Token("WORD", name, 0, 0)
    try:
        for clause in in_order(clauses):
            fact = clause_fact(world, draft, name, at, clause)
            if isinstance(fact, Ruled):
                _rule(world, item, fact, lines)
            else:
                draft.fields[name] = apply_clause_to(world, draft, draft.fields[name], clause)
    except Nonsense as nonsense:
        place = _cell(item, "rule").source.place(nonsense.at.start if nonsense.at else 0)
        item.refuse(nonsense.sentence(), place=place)


def _rule(world: World, item: Item, fact: Ruled, lines: dict[str, int]) -> None:
    if fact.rule in world.rules:
        raise Nonsense("this rule was said before", "Leave it out here.")
    world.rules.append(fact.rule)
    key = f"rule:{len(world.rules) - 1}"
    lines[key] = item.line
    item.makes.append(key)


def _rows(world: World, layout: Layout) -> Iterator[Item]:
    for item in layout.of("things"):
        if item.row is not None and not item.problems and item.thing in world.things:
            yield item


def _cell(item: Item, column: str) -> Sentence:
    """Return a cell; backticks around a word or all of it say nothing."""
    assert item.row is not None
    empty = Sentence("", item.line, item.sentence.column, (), item.sentence.source)
    found = item.row.get(column, empty)
    return replace(found, tokens=tuple(one for one in found.tokens if one.text != "`"))


def _field(world: World, draft: Draft, item: Item) -> Field | None:
    name = field_name(item)
    why = _field_problem(draft, name)
    if why:
        item.refuse(why)
        return None
    cell = _cell(item, "type")
    if not cell.tokens:
        item.refuse(f"Give {name} a type: text, yes or no, whole number, a, b or c, and so on.")
        return None
    found = read(world, item, cell, "type_cell", wording=lambda field: f"{field.kind}.")
    if found is None and item.status != "ambiguous":
        _tell_types(item, cell)
    return None if found is None else msgspec.structs.replace(found, name=name)


def _tell_types(item: Item, cell: Sentence) -> None:
    problem = item.problems.pop()
    item.refuse(
        _TYPES, what=f'there is no type "{cell.text}"', place=(problem.line, problem.column)
    )


def _with_currency(field: Field, rule: Sentence) -> Field:
    """Money whose type names no currency has that of the amounts in its rule."""
    if field.kind != "money" or field.currency:
        return field
    for before, token in pairwise(rule.tokens):
        if before.kind in ("INT", "DECIMAL") and is_currency(token):
            return msgspec.structs.replace(field, currency=token.text)
    return field


def _field_problem(draft: Draft, name: str) -> str:
    if not _FIELD.match(name) or len(name) > NAME_MAX:
        return f"A field's name is made of small letters, digits and _, at most {NAME_MAX}."
    if name in _RESERVED:
        return f'"{name}" is a name of the language\'s own: choose another.'
    if name in draft.fields:
        return f'A {draft.name} has two fields called "{name}": keep one.'
    return ""


def _name_problem(world: World, name: str) -> str:
    if not _THING.match(name) or len(name) > NAME_MAX:
        return f"A thing's name is one or more words of letters, at most {NAME_MAX} characters."
    if name in world.things:
        return f'There are two things called "{name}": keep one.'
    return ""


def _plural(world: World, name: str) -> str:
    """The spelling's plural, unless the spec never uses it."""
    regular = regular_plural(name)
    last = regular.split(" ")[-1]
    return regular if last in world.lexicon.words else true_plural(name)


def _read_plurals(world: World, layout: Layout) -> None:
    for item in layout.of("things"):
        words = {token.word for token in item.sentence.tokens}
        if item.row is None and item.thing in world.things and words & {"plural", "called"}:
            world.at = item.thing
            facts = read(world, item, item.sentence, "plural")
            item.problems.clear()  # It may still be another sentence: that pass tells.
            for fact in facts or ():
                assert isinstance(fact, Called)
                world.things[fact.thing].plural = fact.plural
                item.understand(f"thing:{fact.thing}")


def _learn(world: World, field: Field) -> None:
    lexicon = world.lexicon
    lexicon.add("FIELD", field.name, field.name)
    if field.kind == "list":
        for singular in singulars(field.name):
            lexicon.add("FIELD", singular, field.name)
    for choice in field.choices:
        lexicon.add("VALUE", choice, choice)


def _no_fields(layout: Layout, draft: Draft) -> None:
    sentence = next(said for name, said in layout.headings if name == draft.name)
    if any(item.problems for item in layout.of("things") if item.thing == draft.name):
        return
    item = Item(sentence, "things", draft.name)
    item.refuse(f"A {draft.name} has no fields: add a table with field, type and rule.")
    layout.items.append(item)


def _clauses(clauses: tuple[Clause, ...]) -> str:
    return ", ".join(clause.name for clause in clauses) + "."
