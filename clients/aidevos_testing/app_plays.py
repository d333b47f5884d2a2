"""Random scenarios that are true: they make a few things and look at what was given."""

from __future__ import annotations

from aidevos_agents.spec.expr import Compare, Path
from aidevos_agents.spec.model import (
    Action,
    ActionRef,
    Always,
    App,
    Body,
    Count,
    Do,
    Field,
    Given,
    Has,
    Make,
    Refused,
    Scenario,
    Step,
    Thing,
)
from hypothesis import strategies as st

from aidevos_testing.app_fields import Draw, value

Plays = tuple[tuple[Step, ...], tuple[Scenario, ...]]


def plays(draw: Draw, app: App) -> Plays:
    """Return the background's steps and scenarios."""
    count = draw(st.integers(0, 3))
    found = tuple(
        Scenario(f"play {index}: {thing.name}", _steps(draw, app, thing))
        for index, thing in enumerate(draw(st.sampled_from(app.things)) for _ in range(count))
    )
    return (), found


def _steps(draw: Draw, app: App, thing: Thing) -> tuple[Step, ...]:
    create = next(one for one in app.actions if one.kind == "create" and one.thing == thing.name)
    parents = [Step("given", Make(thing=parent.thing)) for parent in thing.parents]
    ends = [_made, _acted, _refused]
    return (*parents, *draw(st.sampled_from(ends))(draw, app, thing, create))


def _made(draw: Draw, app: App, thing: Thing, create: Action) -> tuple[Step, ...]:
    number = draw(st.sampled_from((1, 1, 2, 3)))
    values = _values(draw, app, thing, create, unique=number == 1)
    steps = [Step("given", Make(thing=thing.name, values=values, count=number))]
    checks: list[Body] = [Count(thing=thing.name, count=number)]
    checks += [
        Count(thing=thing.name, count=number, page=page.name)
        for page in app.pages
        if page.kind == "list" and page.thing == thing.name and page.where is None
    ]
    return (*steps, *(Step("then", check) for check in checks))


def _acted(draw: Draw, app: App, thing: Thing, create: Action) -> tuple[Step, ...]:
    values = _values(draw, app, thing, create, unique=True)
    ref = ActionRef("create", create.verb, create.thing)
    checks: list[Body] = [_has(thing, one) for one in values]
    checks += [
        Has(thing=thing.name, field=field.name, present=True)
        for field in thing.fields
        if field.source in ("created", "address")
    ]
    checks = checks or [Count(thing=thing.name, count=1)]
    return (
        Step("when", Do(action=ref, values=_all(draw, app, thing, create, values))),
        *(Step("then", check) for check in checks),
    )


def _refused(draw: Draw, app: App, thing: Thing, create: Action) -> tuple[Step, ...]:
    names = [take.field for take in create.takes]
    texts = [
        one for one in thing.fields
        if one.name in names and one.kind == "text" and one.shortest and one.source == "given"
    ]  # fmt: skip
    if not texts:
        return _made(draw, app, thing, create)
    field = draw(st.sampled_from(texts))
    ref = ActionRef("create", create.verb, create.thing)
    kept = _all(draw, app, thing, create, ())
    values = (*(one for one in kept if one.field != field.name), Given(field.name, ""))
    said = draw(st.booleans())
    why = Refused(field=field.name, reason="TOO_SHORT") if said else Refused()
    return (Step("when", Do(action=ref, values=values)), Step("then", why))


def _has(thing: Thing, one: Given) -> Has:
    return Has(thing=thing.name, field=one.field, value=one.value)


def _takes(thing: Thing, create: Action) -> list[Field]:
    names = [take.field for take in create.takes]
    return [one for one in thing.fields if one.name in names and one.kind != "reference"]


def _values(
    draw: Draw, app: App, thing: Thing, create: Action, *, unique: bool
) -> tuple[Given, ...]:
    """Values for some fields; those that a rule compares are left out, so it holds."""
    ruled = _ruled(app, thing)
    free = [
        one for one in _takes(thing, create)
        if one.name not in ruled and (unique or not one.unique)
    ]  # fmt: skip
    chosen = draw(st.lists(st.sampled_from(free), max_size=3, unique=True)) if free else []
    return tuple(Given(one.name, value(draw, one)) for one in chosen)


def _all(
    draw: Draw, app: App, thing: Thing, create: Action, said: tuple[Given, ...]
) -> tuple[Given, ...]:
    """Add what the action needs: `I add` fills nothing in."""
    needed = {take.field for take in create.takes if take.required}
    had = {one.field for one in said}
    ruled = _ruled(app, thing)
    more = [
        Given(one.name, value(draw, one))
        for one in _takes(thing, create)
        if one.name in needed - had and one.name not in ruled
    ]
    return (*said, *more)


def _ruled(app: App, thing: Thing) -> set[str]:
    found: set[str] = set()
    for rule in app.rules:
        if not isinstance(rule, Always) or rule.thing != thing.name:
            continue
        assert isinstance(rule.holds, Compare)
        sides = (rule.holds.left, rule.holds.right)
        found |= {one.names[0] for one in sides if isinstance(one, Path)}
    return found
