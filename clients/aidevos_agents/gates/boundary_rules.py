"""Guards both ways, uniqueness, Always and AtMost: reached by looking one request ahead."""

from __future__ import annotations

from collections.abc import Callable

from aidevos_agents.gates.interpreter.evaluate import Scope
from aidevos_agents.gates.interpreter.rules import group_sizes
from aidevos_agents.gates.interpreter.symbols import Moment, Window
from aidevos_agents.gates.kit import Kit
from aidevos_agents.gates.outcomes import Outcomes, refused_for
from aidevos_agents.gates.session import now_ms
from aidevos_agents.spec.model import Always, AtMost, Field, Route

STEPS_MAX = 12
LIMIT_MAX = 120


async def check_guards(kit: Kit) -> None:
    """Ask each guarded action of things for which the guard holds, and for which it does not."""
    for route in kit.routes("create", "change", "custom", "delete", "delete_all"):
        action = kit.requests.action(route)
        if action is not None and (action.guard is not None or action.effects):
            await _reach(kit, route, accepted=True)
            await _reach(kit, route, accepted=False)


async def _reach(kit: Kit, route: Route, *, accepted: bool) -> None:
    outcomes = Outcomes(kit)
    for _ in range(STEPS_MAX):
        ask = outcomes.seek(route, lambda status: (status == route.status) is accepted)
        if ask is not None:
            await kit.session.ask(ask)
            return
        await outcomes.step(route.action.thing)


async def check_unique(kit: Kit) -> None:
    """Give a second thing the value of the first: the same, in other case, nearly the same."""
    for thing in kit.session.app.things:
        for field in thing.fields:
            if field.unique:
                await _check_unique(kit, thing.name, field)


async def _check_unique(kit: Kit, thing: str, field: Field) -> None:
    first, second = await kit.make(thing), await kit.make(thing)
    if first is None or second is None:
        return
    for route in kit.routes("create", "change", "custom"):
        if route.action.thing == thing and field.name in route.takes:
            held = first.values.get(field.name)
            for value in _nearly(held, kit.requests.samples.value(field)):
                body = kit.requests.body(route) | {field.name: value}
                await kit.ask(kit.requests.ask(route, body, second))
            if kit.requests.has_id(route) and isinstance(held, str | int):
                body = kit.requests.body(route, 0.0) | {field.name: held}
                await kit.ask(kit.requests.ask(route, body, first))


def _nearly(value: object, other: object) -> list[object]:
    same: object = value if isinstance(value, str | int) else other
    if not isinstance(same, str):
        return [same, same, None]
    return [same, same.upper(), same.lower(), same.swapcase(), same[::-1], None]


async def check_rules(kit: Kit) -> None:
    """Come to the edge of each rule and one step beyond."""
    for rule in kit.session.app.rules:
        await kit.resume()
        if isinstance(rule, AtMost):
            await _fill(kit, rule)
        else:
            await _press(kit, rule)


async def _fill(kit: Kit, rule: AtMost) -> None:
    """Fill the limit, then ask for one more; a limit beyond LIMIT_MAX is left to sequences."""
    outcomes = Outcomes(kit)
    for _ in range(rule.most + 3 * STEPS_MAX if rule.most <= LIMIT_MAX else 0):
        if _size(kit, rule) >= rule.most:
            ask = refused_for(outcomes.ahead(rule.thing), "LIMIT")
            if ask is not None:
                await kit.session.ask(ask)
                break
        else:
            ask = outcomes.leading_to(rule.thing, _grows(kit, rule))
            if ask is not None:
                await kit.session.ask(ask)
                continue
        await outcomes.step(rule.thing)
    await kit.look([rule.thing])


def _grows(kit: Kit, rule: AtMost) -> Callable[[], bool]:
    size = _size(kit, rule)
    return lambda: _size(kit, rule) > size


def _size(kit: Kit, rule: AtMost) -> int:
    now = now_ms()
    model = kit.session.model
    scopes = [
        Scope(model.catalog, model.world, row, Moment(Window(now, now)), {})
        for row in model.world.all(rule.thing)
    ]
    return max(group_sizes(rule, scopes).values(), default=0)


async def _press(kit: Kit, rule: Always) -> None:
    """Ask some changes that the rule refuses and some that it lets through."""
    outcomes = Outcomes(kit)
    counted = kit.session.model.catalog.counted_in(rule.thing, rule.holds)
    things = [name for name in (rule.thing, *sorted(counted)) for _ in range(STEPS_MAX // 2)]
    for thing in things:
        ahead = outcomes.ahead(thing)
        refused = refused_for(ahead, "RULE")
        if refused is not None:
            await kit.session.ask(refused)
        await outcomes.step(thing, ahead)
