"""Gate crash and replay: what was acknowledged is there exactly once, whatever the power does."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from aidevos_agents.gates.interpreter.interpreter import Ask
from aidevos_agents.gates.interpreter.symbols import Window
from aidevos_agents.gates.kit import Kit
from aidevos_agents.gates.once import check_repeat, new_key
from aidevos_agents.gates.session import now_ms

CRASHES = 2
OUTCOME_UNKNOWN = 503
LOAD = 20
REPEATS = 6
CHANGES = ("create", "change", "custom", "delete")


class Kept(NamedTuple):
    """A change that was answered: it must be answered so again."""

    ask: Ask
    headers: dict[str, str]
    first: tuple[int, bytes]


async def crash_replay(kit: Kit) -> None:
    """Load, crash in the middle of a change, look, repeat, look, go on."""
    await kit.populate(2)
    for _ in range(CRASHES):
        await kit.resume()
        kept = await _load(kit)
        await _crash_within(kit)
        await kit.look()
        for one in kit.rng.sample(kept, min(REPEATS, len(kept))):
            await check_repeat(kit, *one)
        await kit.look()
    await _load(kit)
    await kit.look()


async def _load(kit: Kit) -> list[Kept]:
    kept = []
    for _ in range(LOAD):
        ask = _change(kit)
        if ask is not None:
            headers = {"Idempotency-Key": new_key(kit)}
            reply = await kit.session.ask(ask, headers)
            kept.append(Kept(ask, headers, (reply.status, reply.body)))
    return kept


def _change(kit: Kit) -> Ask | None:
    routes = kit.routes(*CHANGES)
    if not routes:
        return None
    weights = [1 if route.action.kind == "delete" else 3 for route in routes]
    route = kit.rng.choices(routes, weights)[0]
    return kit.good(route) or kit.requests.ask(route)


async def _crash_within(kit: Kit) -> None:
    """Crash while a change is under way, and ask it again: it happens once."""
    route = next(iter(kit.routes("create", "change")), None)
    ask = kit.good(route) if route else None
    if ask is None:
        await kit.session.crash()
        return
    headers = {"Idempotency-Key": new_key(kit)}
    before = now_ms()
    asking = asyncio.create_task(kit.session.send_unless_down(ask, headers))
    await asyncio.sleep(kit.rng.choice((0, 0.001, 0.003)))
    await kit.session.crash()
    first = await asking
    reply = await kit.session.send(ask, headers)
    kit.session.judge(ask, reply, Window(before, now_ms()))
    if first is not None and first.status != OUTCOME_UNKNOWN:
        await check_repeat(kit, ask, headers, (first.status, first.body))
