"""The app model: what a spec says, typed. Compiler, generators and gates share it alone.

Names are the author's words in lower case: a thing is `shopping item`, a field `due_on`. Values in
the model are plain: bool, int, or text (decimals, money, dates and times as canonical text).
Where an element was said is kept beside the model (`Compilation.lines`), never in it, so that
`compile(render(app)) == app` can hold. Sequences keep the author's order.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from aidevos_agents.spec.expr import Expr

Kind = Literal[
    "text", "yes_no", "whole", "number", "money", "choice", "list", "time", "date", "link",
    "reference",
]  # fmt: skip
Source = Literal["given", "address", "created", "changed", "derived"]
CharacterClass = Literal[
    "digits", "letters", "capital letters", "small letters", "dashes", "spaces"
]
Value = bool | int | str
ActionKind = Literal["create", "change", "delete", "delete_all", "custom", "list", "show"]
Gives = Literal["one", "many", "nothing"]
AGE = "age"
"""The sort key of making: ascending is oldest first. No field may have this name."""


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a thing. Bounds are inclusive; None means unbounded."""

    name: str
    """`[a-z][a-z0-9_]*`, as the author wrote it; also the JSON name."""
    kind: Kind
    choices: tuple[str, ...] = ()
    """Kind choice: the values in the author's order, which is also their sort order."""
    of: str = ""
    """Kind reference: the name of the thing; its value is that thing's id."""
    required: bool = False
    """Must be given when made, and may never be cleared."""
    default: Value | None = None
    """What it starts as when not given."""
    minimum: str | None = None
    maximum: str | None = None
    """Kinds whole, number, money: decimal text. Kinds date and time: not bounded here."""
    shortest: int | None = None
    longest: int | None = None
    """Kind text: characters (Unicode code points). Kind list: characters of each item."""
    fewest_items: int | None = None
    most_items: int | None = None
    distinct: bool = False
    """Kind list: no item twice."""
    characters: tuple[CharacterClass, ...] = ()
    """Kind text: only characters of these classes; empty means any."""
    unique: bool = False
    ignoring_case: bool = False
    """With `unique`: compared by casefold. Absent values never collide."""
    decimals: int | None = None
    """Kinds number and money: digits after the point at most; derived values are rounded to it."""
    currency: str = ""
    """Kind money: three capital letters."""
    source: Source = "given"
    """`address`: the absolute address of the thing. `created`, `changed`: times kept by itself."""
    derived: Expr | None = None
    """With source derived: computed on each read from the thing at hand, never stored."""


class Parent(msgspec.Struct, frozen=True):
    """`A review belongs to a book`: a required reference, given when made and never changed.

    The field is named after the parent thing, spaces become _.
    """

    thing: str
    cascade: bool = False
    """True: deleted with its parent. False: the parent cannot be deleted while it has children."""


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of things."""

    name: str
    plural: str
    parents: tuple[Parent, ...] = ()
    fields: tuple[Field, ...] = ()


class Take(msgspec.Struct, frozen=True):
    """A field that the caller gives."""

    field: str
    required: bool = False


class Set(msgspec.Struct, frozen=True):
    """An effect: the field becomes the value of `to`, evaluated before any effect."""

    field: str
    to: Expr


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """Something that may be done. Of one (kind, verb, thing) there is one.

    create: takes fields, parents included. change: takes each field or leaves it. delete, show:
    one thing. custom: takes fields and sets them, then the effects.
    """

    kind: ActionKind
    verb: str
    thing: str
    who: tuple[str, ...] = ("anyone",)
    takes: tuple[Take, ...] = ()
    guard: Expr | None = None
    """Must hold of the thing before; for create, of the thing as it will be."""
    effects: tuple[Set, ...] = ()


class ActionRef(msgspec.Struct, frozen=True):
    """Names an action, or a reading (list, show), which needs no sentence under Actions."""

    kind: ActionKind
    verb: str
    thing: str


class AtMost(msgspec.Struct, frozen=True, kw_only=True, tag="at_most"):
    """At most `most` things for which `where` holds; with `per`, for each value of that field."""

    thing: str
    most: int
    where: Expr | None = None
    per: str = ""
    """A parent or reference field of `thing`, or empty: among all."""


class Always(msgspec.Struct, frozen=True, kw_only=True, tag="always"):
    """`holds` is true of every thing after every change (absent operands make it true)."""

    thing: str
    holds: Expr


Rule = AtMost | Always


class Sort(msgspec.Struct, frozen=True):
    """One sort key: a field's name or AGE. Absent values come last, whatever the direction."""

    field: str
    descending: bool = False


class Offer(msgspec.Struct, frozen=True):
    """An action that one can do from a page; `fields` narrows what its form asks for."""

    action: ActionRef
    fields: tuple[str, ...] = ()


class Children(msgspec.Struct, frozen=True):
    """The children of the one thing that a page shows."""

    thing: str
    sort: tuple[Sort, ...] = ()


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page. Kind one shows a single thing chosen by `?id=`."""

    name: str
    kind: Literal["list", "one"]
    thing: str
    where: Expr | None = None
    sort: tuple[Sort, ...] = ()
    """Ties, and no sort at all: oldest first."""
    page_size: int | None = None
    searched: tuple[str, ...] = ()
    filtered: tuple[str, ...] = ()
    children: tuple[Children, ...] = ()
    offers: tuple[Offer, ...] = ()
    who: tuple[str, ...] = ()
    """Who sees it, if the spec says so; empty means anyone."""


class Bind(msgspec.Struct, frozen=True):
    """A placeholder of a path that gives the value of a field of the thing (a parent, mostly)."""

    placeholder: str
    field: str


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the API table. `{id}` is the thing itself unless `binds` says otherwise."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    action: ActionRef
    takes: tuple[str, ...] = ()
    """Fields read from the body; for a list, from the query string (equality filters)."""
    status: int
    gives: Gives
    page: str = ""
    """For a list: what the page of this name shows (its `where` and `sort`)."""
    binds: tuple[Bind, ...] = ()


class Given(msgspec.Struct, frozen=True):
    """A value in a scenario; None clears the field."""

    field: str
    value: Value | tuple[Value, ...] | None


class Make(msgspec.Struct, frozen=True, kw_only=True, tag="make"):
    """Given things that are there: made by the create action, other required fields filled in."""

    thing: str
    values: tuple[Given, ...] = ()
    count: int = 1


class Do(msgspec.Struct, frozen=True, kw_only=True, tag="do"):
    """An action on the thing spoken of last (for create: a new one)."""

    action: ActionRef
    values: tuple[Given, ...] = ()


class Has(msgspec.Struct, frozen=True, kw_only=True, tag="has"):
    """The thing spoken of last has this value; `present` alone asks for any value or none."""

    thing: str
    field: str
    value: Value | tuple[Value, ...] | None = None
    present: bool | None = None


class Count(msgspec.Struct, frozen=True, kw_only=True, tag="count"):
    """A page shows (or, without a page, there are) so many things."""

    thing: str
    count: int
    page: str = ""


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """The action before was refused; `field` and `reason` as the answer names them, if said."""

    field: str = ""
    reason: str = ""


Body = Make | Do | Has | Count | Refused


class Step(msgspec.Struct, frozen=True):
    """One step; And takes the keyword before it."""

    keyword: Literal["given", "when", "then"]
    body: Body


class Scenario(msgspec.Struct, frozen=True):
    """One acceptance scenario, played on empty data after the background."""

    name: str
    steps: tuple[Step, ...]


class App(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a spec says."""

    name: str
    """The title as a slug, 1 to 63 of a-z, 0-9 and -; first segment of every address."""
    title: str
    description: str = ""
    things: tuple[Thing, ...] = ()
    actions: tuple[Action, ...] = ()
    readings: tuple[ActionRef, ...] = ()
    """Lists and shows that have a sentence under Actions; every thing may be read without one."""
    rules: tuple[Rule, ...] = ()
    pages: tuple[Page, ...] = ()
    routes: tuple[Route, ...] | None = None
    """None: no API table, the default routes of `defaults.py` hold."""
    background: tuple[Step, ...] = ()
    scenarios: tuple[Scenario, ...] = ()


def thing_of(app: App, name: str) -> Thing:
    """Return the thing called `name`; KeyError if there is none."""
    for thing in app.things:
        if thing.name == name:
            return thing
    raise KeyError(name)


def parent_field(parent: Parent) -> str:
    """Return the name of the reference field that a parent makes."""
    return parent.thing.replace(" ", "_")


def all_fields(thing: Thing) -> tuple[Field, ...]:
    """Return the parents' reference fields, then the thing's own, in the order JSON shows them."""
    parents = (
        Field(name=parent_field(parent), kind="reference", of=parent.thing, required=True)
        for parent in thing.parents
    )
    return (*parents, *thing.fields)


def action_words(ref: ActionRef | Action, thing: Thing) -> str:
    """Return the action as its author says it: `add a todo`, `delete all todos`, `list todos`."""
    if ref.kind == "delete_all":
        return f"{ref.verb} all {thing.plural}"
    if ref.kind == "list":
        return f"{ref.verb} {thing.plural}"
    article = "an" if thing.name[0] in "aeiou" else "a"
    return f"{ref.verb} {article} {thing.name}"
