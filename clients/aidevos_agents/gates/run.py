"""Runs all gates over one candidate, each on empty data."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping

from aidevos_agents.gates.acceptance import acceptance
from aidevos_agents.gates.boundaries import boundaries
from aidevos_agents.gates.candidate import Candidate
from aidevos_agents.gates.contract import contract
from aidevos_agents.gates.crash_replay import crash_replay
from aidevos_agents.gates.kit import Kit
from aidevos_agents.gates.report import FAILURES_MAX, GateEndedError, GateName, GateReport, Tally
from aidevos_agents.gates.sequences import sequences
from aidevos_agents.gates.session import Session
from aidevos_agents.spec.model import App

Gate = Callable[[Kit], Awaitable[None]]
ALL: Mapping[GateName, Gate] = {
    "contract": contract,
    "boundaries": boundaries,
    "sequences": sequences,
    "crash_replay": crash_replay,
    "acceptance": acceptance,
}


async def run_gates(
    app: App, candidate: Candidate, seed: int, on_gate: Callable[[GateReport], None]
) -> tuple[GateReport, ...]:
    """Run every gate; tell each report as soon as it is there, and return all.

    The candidate is judged by `app` alone. `seed` is the only source of chance.
    """
    reports = []
    for name in ALL:
        report = await run_gate(name, app, candidate, seed)
        on_gate(report)
        reports.append(report)
    return tuple(reports)


async def run_gate(
    name: GateName,
    app: App,
    candidate: Candidate,
    seed: int,
    *,
    failures_max: int = FAILURES_MAX,
) -> GateReport:
    """Run one gate on empty data. Whatever the candidate does is a finding, never an exception.

    The gate ends after `failures_max` failures.
    """
    tally = Tally(name, failures_max)
    kit = Kit(Session(app, candidate, tally), random.Random(f"{seed}/{name}"))  # noqa: S311
    try:
        await kit.fresh()
        await ALL[name](kit)
    except GateEndedError:
        pass  # Told already: the last of the tally's failures.
    return tally.report()
