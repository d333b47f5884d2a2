"""What is known of the app while its spec is read: things, fields, actions, pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from aidevos_agents.spec.lexicon import OWN_VERBS, Lexicon
from aidevos_agents.spec.meaning import Nonsense
from aidevos_agents.spec.model import (
    Action,
    ActionRef,
    Field,
    Page,
    Parent,
    Rule,
    Thing,
    all_fields,
)
from aidevos_agents.spec.words import Token

MAKING = frozenset({"add", "create", "make"})
CHANGING = frozenset({"change", "edit", "update", "modify", "set"})
DELETING = frozenset({"delete", "remove"})
READING = frozenset({"list", "see", "show", "view", "get", "browse", "find", "read", "search"})
assert MAKING | CHANGING | DELETING | READING == OWN_VERBS


@dataclass
class Draft:
    """A thing while its spec is read."""

    name: str
    plural: str
    line: int
    parents: list[Parent] = field(default_factory=list)
    fields: dict[str, Field] = field(default_factory=dict)
    optional: set[str] = field(default_factory=set)

    def thing(self) -> Thing:
        """Return the thing as the model holds it."""
        fields = tuple(self.fields.values())
        return Thing(name=self.name, plural=self.plural, parents=tuple(self.parents), fields=fields)

    def every_field(self) -> dict[str, Field]:
        """Return parents' fields and own ones by name."""
        return {found.name: found for found in all_fields(self.thing())}


@dataclass
class World:
    """The context of every meaning function."""

    lexicon: Lexicon
    things: dict[str, Draft] = field(default_factory=dict)
    actions: list[Action] = field(default_factory=list)
    readings: list[ActionRef] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    at: str = ""
    """The thing spoken of: the heading's, or that of the sentence before."""
    row: str = ""
    """The field whose rule cell is read."""
    makers: set[tuple[str, str]] = field(default_factory=set)
    """(verb, thing) that the actions' sentences may mean to make things with."""

    page: str = ""
    """The page whose sentences are read; empty if its first one was not understood."""
    broken: list[tuple[int, str]] = field(default_factory=list)
    """(line, words) of sentences and rows that were not understood: others may need them."""
    keyword: str = ""
    """The step's keyword: `there are 3` makes them or counts them."""
    called: Action | None = None
    """The action of the API row that is read, unless it is a reading."""
    may_make: set[tuple[str, str]] = field(default_factory=set)
    """(verb, thing) of actions that make the thing if no other does."""

    def draft(self, name: str) -> Draft:
        """Return a thing by its name."""
        return self.things[name]

    def thing(self, token: Token) -> Draft:
        """Return the thing that a word names, singular or plural."""
        names = self.lexicon.names("THING", token.text) or self.lexicon.names("THINGS", token.text)
        if not names:
            raise Nonsense(f'"{token.text}" is no thing of this spec', at=token)
        return self.things[names[0]]

    def here(self, at: Token | None = None) -> Draft:
        """Return the thing spoken of."""
        if self.at not in self.things:
            raise Nonsense("it is not clear which thing is meant", "Name the thing.", at)
        return self.things[self.at]

    def field_of(self, draft: Draft, token: Token) -> Field:
        """Return the field that a word names on a thing."""
        fields = draft.every_field()
        for name in self.lexicon.names("FIELD", token.text):
            if name in fields:
                return fields[name]
        known = ", ".join(fields) or "none"
        raise Nonsense(
            f'a {draft.name} has no field "{token.text}"',
            f"Its fields are: {known}.{self._near(token)}",
            token,
        )

    def missing(self, what: str, do: str, at: Token | None, *names: str) -> Nonsense:
        """Return why a fact is missing: a sentence on all `names` was not understood, or `what`."""
        line = self.broken_line(*names)
        if line:
            return Nonsense(f"line {line} is not understood", "Correct it first.", at)
        return Nonsense(what, do, at)

    def broken_line(self, *names: str) -> int:
        """Return the line of what was not understood and speaks of all `names`, or 0."""
        for line, text in self.broken:
            words = f" {text} "
            if all(any(f" {form} " in words for form in self._forms(name)) for name in names):
                return line
        return 0

    def _forms(self, name: str) -> tuple[str, ...]:
        draft = self.things.get(name)
        return (name,) if draft is None else (name, draft.plural)

    def makes(self, verb: str) -> bool:
        """Whether `verb` makes the thing spoken of."""
        return verb in MAKING or (verb, self.at) in self.makers

    def _near(self, token: Token) -> str:
        near = self.lexicon.near(token.text, ("FIELD",))
        return f' Did you mean "{near}"?' if near and near != token.word else ""

    def children(self, parent: str) -> Iterator[Draft]:
        """Yield the things that belong to `parent`."""
        for draft in self.things.values():
            if any(found.thing == parent for found in draft.parents):
                yield draft

    def find_action(self, verb: str, thing: str, kinds: tuple[str, ...] = ()) -> Action | None:
        """Return the action of this verb, or the only one of the same meaning."""
        mine = [found for found in self.actions if found.thing == thing]
        if kinds:
            mine = [found for found in mine if found.kind in kinds]
        exact = [found for found in mine if found.verb == verb]
        if exact:
            return exact[0]
        alike = [found for found in mine if _alike(found.verb, verb)]
        return alike[0] if len(alike) == 1 else None


def _alike(one: str, other: str) -> bool:
    families = (MAKING, CHANGING, DELETING)
    return any(one in family and other in family for family in families)
