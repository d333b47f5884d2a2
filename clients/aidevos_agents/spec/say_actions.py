"""Actions, rules, pages and routes said in canonical sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aidevos_agents.spec import expr as x
from aidevos_agents.spec.english import article
from aidevos_agents.spec.model import (
    AGE,
    Action,
    ActionRef,
    Always,
    AtMost,
    Offer,
    Page,
    Route,
    Rule,
    Set,
    Sort,
    Take,
    Thing,
)
from aidevos_agents.spec.say import Sayer, enumerated
from aidevos_agents.spec.words import quoted
from aidevos_agents.spec.world import DELETING, MAKING

Things = Mapping[str, Thing]


def action_sentence(things: Things, action: Action) -> str:
    """Say who can do what, when, and what it does."""
    sayer = Sayer(things, action.thing)
    guard = f" when {sayer.condition(action.guard)}" if action.guard is not None else ""
    effects = [_effect(sayer, effect) for effect in action.effects]
    if action.kind in ("delete", "delete_all") and action.verb not in DELETING:
        effects = ["it is deleted"]
    what = f": {' and '.join(effects)}" if effects else ""
    return f"Anyone can {_deed(things, action)}{guard}{what}."


def reading_sentence(things: Things, ref: ActionRef) -> str:
    """Say that things may be read."""
    return f"Anyone can {words_of(things, ref)}."


def rule_sentence(things: Things, rule: Rule) -> str:
    """Say a rule."""
    sayer = Sayer(things, rule.thing)
    match rule:
        case Always():
            return f"For every {rule.thing}, {sayer.condition(rule.holds)}."
        case AtMost():
            noun = rule.thing if rule.most == 1 else things[rule.thing].plural
            where = f" where {sayer.condition(rule.where)}" if rule.where is not None else ""
            limit = f"here can be at most {rule.most} {noun}{where}."
            return f"For each {rule.per} t{limit}" if rule.per else f"T{limit}"


def page_item(things: Things, page: Page) -> str:
    """Say a page: what it shows, who sees it, what can be done from it."""
    said = _list(things, page) if page.kind == "list" else _one(things, page)
    parts = [f"**{page.name}**: {said}."]
    if page.offers:
        offers = enumerated([_offer(things, offer) for offer in page.offers])
        parts.append(f"From here one can {offers}.")
    if page.who:
        parts.append("Everyone.")
    return " ".join(parts)


def route_row(things: Things, route: Route) -> tuple[str, str, str, str]:
    """Return the row of one route: action, route, takes, gives."""
    thing = things[route.action.thing]
    words = words_of(things, route.action)
    if route.page:
        words = f"{route.action.verb} {quoted(route.page)}"
    gives = {"one": article(thing.name), "many": thing.plural, "nothing": "nothing"}[route.gives]
    return words, f"{route.method} {route.path}", ", ".join(route.takes), f"{route.status}, {gives}"


def words_of(things: Things, ref: ActionRef | Action) -> str:
    """Return an action's verb with its object, as its author says it."""
    thing = things[ref.thing]
    match ref.kind:
        case "delete_all":
            return _placed(ref.verb, f"all {thing.plural}")
        case "list":
            return _placed(ref.verb, thing.plural)
        case _:
            return _placed(ref.verb, article(thing.name))


def _deed(things: Things, action: Action) -> str:
    if action.kind == "change":
        names = enumerated([f"the {take.field}" for take in action.takes])
        return f"{action.verb} {names} of {article(action.thing)}"
    words = words_of(things, action)
    if action.kind == "create" and action.verb not in MAKING:
        words = _placed(action.verb, f"a new {action.thing}")
    if not action.takes:
        return f"{words}, giving nothing" if action.kind == "create" else words
    return f"{words}, giving {_takes(action.takes)}"


def _takes(takes: tuple[Take, ...]) -> str:
    """Optional ones at the end are said with one word, others each by itself."""
    rest = len(takes)
    while rest and not takes[rest - 1].required:
        rest -= 1
    said = [
        f"its {take.field}" if take.required else f"an optional {take.field}"
        for take in takes[:rest]
    ]
    tail = [f"its {take.field}" for take in takes[rest:]]
    if not tail:
        return enumerated(said)
    optional = f"optionally {enumerated(tail)}"
    return f"{', '.join(said)} and {optional}" if said else optional


def _effect(sayer: Sayer, effect: Set) -> str:
    own = x.Path((effect.field,))
    match effect.to:
        case x.Literal(value=None):
            return f"its {effect.field} is cleared"
        case x.Arithmetic(op="add", left=left) if left == own:
            return f"its {effect.field} goes up by {sayer.value(effect.to.right)}"
        case x.Arithmetic(op="sub", left=left) if left == own:
            return f"its {effect.field} goes down by {sayer.value(effect.to.right)}"
        case _:
            field = sayer.fields.get(effect.field)
            return f"its {effect.field} becomes {sayer.value(effect.to, field)}"


def _placed(verb: str, target: str) -> str:
    """`mark as done` takes its object in the middle: mark a plant as done."""
    head, middle, tail = verb.partition(" as ")
    return f"{head} {target} as {tail}" if middle else f"{verb} {target}"


def _list(things: Things, page: Page) -> str:
    sayer = Sayer(things, page.thing)
    where = f" where {sayer.condition(page.where)}" if page.where is not None else ""
    clauses = [f"{things[page.thing].plural}{where}", *_sort(page.sort)]
    if page.page_size is not None:
        clauses.append(f"{page.page_size} per page")
    if page.searched:
        clauses.append(f"searched by {enumerated(page.searched)}")
    if page.filtered:
        clauses.append(f"filtered by {enumerated(page.filtered)}")
    return ", ".join(clauses)


def _one(things: Things, page: Page) -> str:
    children = [
        ", ".join([f"its {things[child.thing].plural}", *_sort(child.sort)])
        for child in page.children
    ]
    shown = f" with {', and '.join(children)}" if children else ""
    return f"one {page.thing}{shown}"


def _sort(keys: tuple[Sort, ...]) -> Iterator[str]:
    if keys:
        yield ", then ".join(_key(key) for key in keys)


def _key(key: Sort) -> str:
    if key.field == AGE:
        return "newest first" if key.descending else "oldest first"
    return f"by {key.field}, highest first" if key.descending else f"by {key.field}"


def _offer(things: Things, offer: Offer) -> str:
    fields = enumerated([f"the {name}" for name in offer.fields])
    if not fields:
        return words_of(things, offer.action)
    if offer.action.kind == "change":
        return f"{offer.action.verb} {fields} of {article(offer.action.thing)}"
    return f"{words_of(things, offer.action)} giving {fields}"
