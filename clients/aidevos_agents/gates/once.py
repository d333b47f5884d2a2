"""A change repeated under one Idempotency-Key: the first answer again, and no second effect."""

from __future__ import annotations

from aidevos_agents.gates.encode import encode
from aidevos_agents.gates.interpreter.interpreter import Ask
from aidevos_agents.gates.kit import Kit
from aidevos_agents.gates.matching import read_json
from aidevos_agents.gates.session import say
from aidevos_agents.spec.model import Route


def new_key(kit: Kit) -> str:
    """Return a key that was not used before."""
    return f"gate-{kit.rng.getrandbits(64):016x}"


async def check_once(kit: Kit, route: Route) -> None:
    """Ask with a key, repeat it, misuse it, and look that all happened once."""
    ask = kit.good(route)
    if ask is None:
        return
    headers = {"Idempotency-Key": new_key(kit)}
    first = await kit.session.ask(ask, headers)
    await check_repeat(kit, ask, headers, (first.status, first.body))
    other = _other_payload(kit, route, ask)
    if other is not None and first.status == route.status:
        await _check_misuse(kit, other, headers)
    await kit.look([route.action.thing])


async def check_repeat(
    kit: Kit, ask: Ask, headers: dict[str, str], first: tuple[int, bytes]
) -> None:
    """Ask again with the same key: the same status and bytes."""
    reply = await kit.session.send(ask, headers)
    asked = f"repeat of {say(ask)}"
    kit.session.tally.compare(reply.status == first[0], asked, first[0], reply.status)
    kit.session.tally.compare(reply.body == first[1], asked, first[1], reply.body)
    kit.session.tally.end_if_hopeless()


async def _check_misuse(kit: Kit, ask: Ask, headers: dict[str, str]) -> None:
    reply = await kit.session.send(ask, headers)
    asked = f"another payload under a key that was used: {say(ask)}"
    kit.session.tally.compare(reply.status == 422, asked, 422, reply.status)
    problem = read_json(reply.body)
    reason = problem.get("reason") if isinstance(problem, dict) else problem
    kit.session.tally.compare(reason == "ALREADY_EXISTS", asked, "ALREADY_EXISTS", reason)
    kit.session.tally.end_if_hopeless()


def _other_payload(kit: Kit, route: Route, ask: Ask) -> Ask | None:
    for _ in range(20 if route.takes else 0):
        body = encode(kit.requests.body(route, 1.0))
        if read_json(body) != read_json(ask.body):
            return Ask(ask.method, ask.path, body=body)
    return None
