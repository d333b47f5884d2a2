"""Random actions, rules and pages of an app."""

from __future__ import annotations

from aidevos_agents.spec import expr as x
from aidevos_agents.spec.model import (
    AGE,
    Action,
    ActionRef,
    Always,
    App,
    AtMost,
    Children,
    Field,
    Offer,
    Page,
    Rule,
    Set,
    Sort,
    Take,
    Thing,
    all_fields,
    parent_field,
)
from hypothesis import strategies as st

from aidevos_testing import words
from aidevos_testing.app_fields import Draw, value
from aidevos_testing.app_logic import comparable, condition, literal

_UNSORTED = ("list", "link")


def given(thing: Thing) -> list[Field]:
    """Return the fields that a caller may give."""
    return [one for one in thing.fields if one.source == "given"]


def actions(draw: Draw, app: App) -> tuple[Action, ...]:
    """Return actions: every thing can be made, every field can be set."""
    found: list[Action] = []
    verbs = iter(draw(st.permutations(words.VERBS)))
    for thing in app.things:
        create = _create(draw, thing, next(verbs))
        found += [create, *_change(draw, thing, create)]
        if draw(st.booleans()):
            guard = _guard(draw, thing)
            verb = draw(st.sampled_from(("delete", "remove", next(verbs))))
            found.append(Action(kind="delete", verb=verb, thing=thing.name, guard=guard))
        if draw(st.integers(0, 3)) == 0:
            found.append(Action(kind="delete_all", verb="delete", thing=thing.name))
        for _ in range(draw(st.integers(0, 2))):
            found += _custom(draw, thing, next(verbs))
    return tuple(found)


def _create(draw: Draw, thing: Thing, verb: str) -> Action:
    takes = [Take(parent_field(parent), required=True) for parent in thing.parents]
    for field in given(thing):
        needed = field.required and field.default is None
        if needed or draw(st.booleans()):
            takes.append(Take(field.name, required=needed or draw(st.booleans())))
    made = draw(st.sampled_from(("add", "create", "make", verb)))
    return Action(kind="create", verb=made, thing=thing.name, takes=tuple(takes))


def _change(draw: Draw, thing: Thing, create: Action) -> list[Action]:
    taken = {take.field for take in create.takes}
    missing = [field.name for field in given(thing) if field.name not in taken]
    others = [field.name for field in given(thing) if field.name in taken]
    names = missing + (draw(st.lists(st.sampled_from(others), unique=True)) if others else [])
    if not names:
        return []
    verb = draw(st.sampled_from(("change", "edit", "update", "modify")))
    takes = tuple(Take(name) for name in names)
    guard = _guard(draw, thing)
    return [Action(kind="change", verb=verb, thing=thing.name, takes=takes, guard=guard)]


def _guard(draw: Draw, thing: Thing) -> x.Expr | None:
    if not comparable(thing) or draw(st.integers(0, 2)):
        return None
    return condition(draw, thing)


def _custom(draw: Draw, thing: Thing, verb: str) -> list[Action]:
    fields = draw(st.permutations(given(thing))) if given(thing) else []
    effects = [one for one in (_effect(draw, field) for field in fields[:2]) if one is not None]
    taken = [one for one in fields[2:3] if one.kind != "reference"]
    takes = tuple(Take(one.name, draw(st.booleans())) for one in taken)
    if not effects:
        return []
    return [
        Action(
            kind="custom",
            verb=verb,
            thing=thing.name,
            takes=takes,
            guard=_guard(draw, thing),
            effects=tuple(effects),
        )
    ]


def _effect(draw: Draw, field: Field) -> Set | None:
    if not field.required and field.default is None and draw(st.integers(0, 3)) == 0:
        return Set(field.name, x.Literal(None))
    if field.kind == "time":
        return Set(field.name, x.Now())
    if field.kind == "whole" and draw(st.booleans()):
        step = x.Literal(draw(st.integers(1, 9)))
        op = draw(st.sampled_from(("add", "sub")))
        return Set(field.name, x.Arithmetic(op, x.Path((field.name,)), step))
    if field.kind in ("list", "reference"):
        return None
    return Set(field.name, literal(field, value(draw, field)))


def rules(draw: Draw, app: App) -> tuple[Rule, ...]:
    """Return rules that leave room: scenarios make but a few things."""
    found: list[Rule] = []
    for thing in app.things:
        if draw(st.integers(0, 2)) == 0:
            found.append(_limit(draw, thing))
        pairs = _pairs(thing)
        if pairs and draw(st.booleans()):
            one, other = draw(st.sampled_from(pairs))
            op = draw(st.sampled_from(("ge", "gt", "ne")))
            holds = x.Compare(op, x.Path((one,)), x.Path((other,)))
            found.append(Always(thing=thing.name, holds=holds))
        found += [_worth(one, thing) for one in _computed(thing) if draw(st.booleans())]
    return tuple(found)


def _computed(thing: Thing) -> list[Field]:
    kinds = ("whole", "number")
    return [one for one in thing.fields if one.source == "derived" and one.kind in kinds]


def _worth(field: Field, thing: Thing) -> Always:
    counts = isinstance(field.derived, x.Aggregate) and field.derived.op == "count"
    most = x.Literal(20 if counts else 100_000_000)
    return Always(thing=thing.name, holds=x.Compare("le", x.Path((field.name,)), most))


def _limit(draw: Draw, thing: Thing) -> AtMost:
    owners = ["", *[one.name for one in all_fields(thing) if one.kind == "reference"]]
    return AtMost(
        thing=thing.name,
        most=draw(st.integers(20, 999)),
        where=_guard(draw, thing),
        per=draw(st.sampled_from(owners)),
    )


def _pairs(thing: Thing) -> list[tuple[str, str]]:
    """Optional fields of one kind: a rule on them holds while one is absent."""
    free = [one for one in given(thing) if not one.required and one.default is None]
    return [
        (one.name, other.name)
        for one in free
        for other in free
        if one.kind == other.kind and one.kind in ("date", "whole") and one.name != other.name
    ]


def pages(draw: Draw, app: App) -> tuple[Page, ...]:
    """Return pages with different names."""
    found: list[Page] = []
    for thing in app.things:
        for index in range(draw(st.integers(0, 2))):
            name = draw(st.sampled_from(("All {}", "{}", "Some {}: now", "The {} page")))
            kind = draw(st.sampled_from(("list", "list", "one")))
            title = name.format(thing.plural) + (f" {index}" if index else "")
            page = Page(name=title.capitalize(), kind=kind, thing=thing.name)
            found.append(_filled(draw, app, thing, page))
    return tuple(found)


def _filled(draw: Draw, app: App, thing: Thing, page: Page) -> Page:
    offers = _offers(draw, app, thing)
    who = draw(st.sampled_from(((), ("anyone",))))
    if page.kind == "one":
        lists = tuple(
            Children(child.name, _sorts(draw, child))
            for child in app.things
            if thing.name in [parent.thing for parent in child.parents]
        )
        return Page(
            name=page.name, kind="one", thing=thing.name, children=lists, offers=offers, who=who
        )
    texts = [one.name for one in thing.fields if one.kind in ("text", "list")]
    names = [one.name for one in thing.fields]
    return Page(
        name=page.name,
        kind="list",
        thing=thing.name,
        where=_guard(draw, thing),
        sort=_sorts(draw, thing),
        page_size=draw(st.sampled_from((None, 1, 20))),
        searched=tuple(draw(st.lists(st.sampled_from(texts), unique=True))) if texts else (),
        filtered=tuple(draw(st.lists(st.sampled_from(names), max_size=2, unique=True))),
        offers=offers,
        who=who,
    )


def _sorts(draw: Draw, thing: Thing) -> tuple[Sort, ...]:
    names = [one.name for one in thing.fields if one.kind not in _UNSORTED]
    keys = draw(st.lists(st.sampled_from([*names, AGE]), max_size=2, unique=True))
    return tuple(Sort(key, draw(st.booleans())) for key in keys)


def _offers(draw: Draw, app: App, thing: Thing) -> tuple[Offer, ...]:
    mine = [one for one in app.actions if one.thing == thing.name]
    chosen = draw(st.lists(st.sampled_from(mine), max_size=3, unique=True))
    return tuple(_offer(draw, action) for action in chosen)


def _offer(draw: Draw, action: Action) -> Offer:
    names = [take.field for take in action.takes]
    fields = draw(st.lists(st.sampled_from(names), max_size=2, unique=True)) if names else []
    return Offer(ActionRef(action.kind, action.verb, action.thing), tuple(fields))
