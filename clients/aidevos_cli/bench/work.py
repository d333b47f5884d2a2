"""Measures one plan against one server, with our own client."""

import os

from aidevos_client import CallOptions, Client

from aidevos.core.errors import PermissionDeniedError
from aidevos_cli.bench.contender import Caller, alternate
from aidevos_cli.bench.facts import Facts, Handler
from aidevos_cli.bench.load import ClosedLoops, Target
from aidevos_cli.bench.measured import Measured
from aidevos_cli.bench.plan import Plan
from aidevos_cli.bench.targets import at_random
from aidevos_cli.output import Row

ROUNDS, WARM_UP = 3, 0.2
"""Rounds of each load, and the share of its time that is not counted."""
FIRST = CallOptions(timeout_s=5)
"""A server that does not answer the first call is not measured."""


async def measure(place: tuple[str, str], plan: Plan) -> list[Row]:
    """Return a row for each number of outstanding calls. Raises what a call raises."""
    address, token = place
    async with Client(address, token or None) as client:
        first = (plan.type, f"{plan.prefix}0")
        await client.invoke(first, plan.method, plan.arguments, FIRST)
        facts = Facts(client)
        handler = await _handler(facts, plan.type)
        rows: list[Row] = []
        for outstanding in plan.outstanding:
            caller = _caller(client, plan, outstanding, facts, handler)
            each = plan.seconds / ROUNDS
            (measured,) = await alternate([caller], ROUNDS, each, plan.seconds * WARM_UP)
            rows.append(_row(plan, measured))
        return rows


async def _handler(facts: Facts, type: str) -> Handler | None:
    """Return where the handlers run, if we may know."""
    try:
        return await facts.handler(type)
    except PermissionDeniedError:
        return None


def _caller(
    client: Client, plan: Plan, outstanding: int, facts: Facts, handler: Handler | None
) -> Caller:
    method, arguments = plan.method, plan.arguments

    async def call(target: Target) -> object:
        return await client.invoke(target, method, arguments)

    targets = at_random(plan.type, plan.objects, plan.prefix)
    return Caller(
        f"{plan.type}.{method}",
        outstanding,
        ClosedLoops(call, targets, outstanding),
        {"client": os.getpid(), **(handler.local_pids() if handler else {})},
        facts.fsyncs if handler else None,
        handler.where if handler else "",
    )


def _row(plan: Plan, measured: Measured) -> Row:
    shared = measured.calls_per_fsync
    whole = "host" in measured.cpu_us  # The client's CPU alone says nothing of what calls cost.
    return {
        "call": measured.name,
        "objects": plan.objects,
        "outstanding": measured.outstanding,
        "calls": measured.calls,
        "calls_per_s": round(measured.calls_per_s),
        "calls_per_cpu_s": round(measured.calls_per_cpu_s) if whole else None,
        "p50_ms": measured.p50_ms,
        "p99_ms": measured.p99_ms,
        "p99_9_ms": measured.p999_ms,
        "calls_per_fsync": None if shared is None else round(shared, 1),
        "written_bytes": measured.written_bytes,
        "handler": measured.handler,
        "cpu_us": measured.cpu_us,
    }
