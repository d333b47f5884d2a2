"""Wrong models made by rule from a right one: each says one thing otherwise."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
from aidevos_agents.spec.defaults import routes_of
from aidevos_agents.spec.expr import Compare, Logic
from aidevos_agents.spec.model import Action, App, AtMost, Field, Page, Parent, Set, Sort

OTHER_OP = {"lt": "le", "le": "lt", "gt": "ge", "ge": "gt", "eq": "ne", "ne": "eq"}


def faults(app: App) -> Iterator[tuple[str, App]]:
    """Yield (what is wrong, wrong model)."""
    # The routes stay those of the right model: a fault is in what they do.
    fixed = msgspec.structs.replace(app, routes=routes_of(app))
    yield from _within(fixed, ("things", "actions", "rules", "pages"), fixed.name)


def _within(node: Any, names: tuple[str, ...], at: str) -> Iterator[tuple[str, Any]]:
    for name in names:
        value = getattr(node, name)
        for what, other in _variants(value, f"{at}.{name}"):
            yield what, msgspec.structs.replace(node, **{name: other})


def _variants(value: Any, at: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, tuple):
        for index, one in enumerate(value):
            label = getattr(one, "name", getattr(one, "verb", index))
            for what, other in _variants(one, f"{at}[{label}]"):
                yield what, (*value[:index], other, *value[index + 1 :])
    elif isinstance(value, msgspec.Struct):
        for what, changes in _changes(value):
            yield f"{at} {what}", msgspec.structs.replace(value, **changes)
        yield from _within(value, value.__struct_fields__, at)


def _changes(node: msgspec.Struct) -> Iterator[tuple[str, dict[str, Any]]]:
    match node:
        case Field():
            yield from _bounds_changed(node)
            yield from _flags_changed(node)
        case Action():
            yield from _action_changed(node)
        case AtMost():
            yield "limit one more", {"most": node.most + 1}
            yield "limit one less", {"most": node.most - 1}
            yield from [("limit among all", {"per": ""})] if node.per else []
        case Page():
            yield from _dropped(node, "sort", "where")
        case Parent():
            yield "cascade flipped", {"cascade": not node.cascade}
        case Sort():
            yield "sort direction", {"descending": not node.descending}
        case Compare():
            yield f"{node.op} as {OTHER_OP[node.op]}", {"op": OTHER_OP[node.op]}
        case Logic(op="and" | "or"):
            yield "and as or", {"op": "or" if node.op == "and" else "and"}
        case _:
            pass


def _dropped(node: msgspec.Struct, *names: str) -> Iterator[tuple[str, dict[str, Any]]]:
    defaults = dict(zip(node.__struct_fields__[::-1], node.__struct_defaults__[::-1], strict=False))
    for name in names:
        if getattr(node, name) != defaults[name]:
            yield f"{name} dropped", {name: defaults[name]}


def _action_changed(action: Action) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from _dropped(action, "guard")
    for index, effect in enumerate(action.effects):
        assert isinstance(effect, Set)
        kept = (*action.effects[:index], *action.effects[index + 1 :])
        yield f"effect on {effect.field} dropped", {"effects": kept}


def _bounds_changed(field: Field) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in ("shortest", "longest", "fewest_items", "most_items", "decimals"):
        value = getattr(field, name)
        if value is not None:
            yield f"{name} one more", {name: value + 1}
            yield f"{name} one less", {name: value - 1}
    for name in ("minimum", "maximum"):
        value = getattr(field, name)
        if value is not None:
            step = Decimal(1).scaleb(-(field.decimals or (2 if field.kind == "money" else 0)))
            yield f"{name} a step more", {name: str(Decimal(value) + step)}
            yield f"{name} a step less", {name: str(Decimal(value) - step)}
    yield from _dropped(field, "shortest", "longest", "fewest_items", "most_items")
    yield from _dropped(field, "minimum", "maximum", "characters", "default")


def _flags_changed(field: Field) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from _dropped(field, "required", "distinct", "unique", "ignoring_case")
    if len(field.choices) > 1:
        first, second, *rest = field.choices
        yield "choices in other order", {"choices": (second, first, *rest)}
    if field.source in ("created", "changed"):
        other = "changed" if field.source == "created" else "created"
        yield f"{field.source} as {other}", {"source": other}
