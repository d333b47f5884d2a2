"""Writes a bundle to a directory of its own, starts it as a candidate, runs every gate on it."""

import asyncio
import time
from pathlib import Path, PurePosixPath
from typing import Protocol

import msgspec

from aidevos.core.errors import AidevosError, InvalidArgumentError
from aidevos_agents.artifacts import Files
from aidevos_agents.evaluation.http import HttpCandidate
from aidevos_agents.evaluation.policy import beyond_its_doors
from aidevos_agents.evaluation.process import Candidates
from aidevos_agents.evaluation.scratch import scratch_directory
from aidevos_agents.gates import GateReport, run_gates
from aidevos_agents.gates.report import GATES
from aidevos_agents.roles.answers import Gate
from aidevos_agents.spec.model import App


class Listener(Protocol):
    """Told of each gate; gates run one after another."""

    async def begun(self, gate: str) -> None:
        """A gate begins."""

    async def ended(self, gate: Gate) -> None:
        """A gate ended."""


async def judge(model: bytes, files: Files, seed: int, listener: Listener) -> tuple[Gate, ...]:
    """Return what the gates found of `files` as an app of `model`."""
    app = msgspec.json.decode(model, type=App)
    if surplus := beyond_its_doors(files):
        return (await _unfit("policy", surplus, listener),)
    with scratch_directory() as scratch:
        bundle = scratch / "bundle"
        write_bundle(bundle, files)
        async with Candidates(bundle, scratch) as candidates:
            try:
                await candidates.fresh()
            except AidevosError as error:
                return (await _unfit("start", (error.message,), listener),)
            return await _run(app, HttpCandidate(app.name, candidates), seed, listener)


async def _run(
    app: App, candidate: HttpCandidate, seed: int, listener: Listener
) -> tuple[Gate, ...]:
    """Run the gates; what the listener is told goes out while the next gate runs."""
    gates: list[Gate] = []
    news: asyncio.Queue[Gate | None] = asyncio.Queue()
    telling = asyncio.create_task(_tell(news, listener))
    began = time.monotonic()

    def on_gate(report: GateReport) -> None:
        nonlocal began
        now = time.monotonic()
        gates.append(_gate(report, now - began))
        news.put_nowait(gates[-1])
        began = now

    try:
        await run_gates(app, candidate, seed, on_gate)
    finally:
        candidate.close()
        news.put_nowait(None)
        await telling
    return tuple(gates)


async def _tell(news: asyncio.Queue[Gate | None], listener: Listener) -> None:
    """Tell of every gate in order: the next one begins when the one before ended."""
    for name in GATES:
        await listener.begun(name)
        gate = await news.get()
        if gate is None:
            return
        await listener.ended(gate)
    await news.get()


def _gate(report: GateReport, seconds: float) -> Gate:
    return Gate(
        gate=report.gate,
        checks=report.checks,
        failed=report.failed,
        failures=report.failures,
        seconds=round(seconds, 3),
    )


async def _unfit(name: str, failures: tuple[str, ...], listener: Listener) -> Gate:
    """Return the only gate of a bundle that no other gate is run on."""
    gate = Gate(gate=name, checks=len(failures), failed=len(failures), failures=failures)
    await listener.begun(gate.gate)
    await listener.ended(gate)
    return gate


def write_bundle(root: Path, files: Files) -> None:
    """Write the files below `root`. Raises InvalidArgumentError for a path that leaves it."""
    for name, content in files.items():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise InvalidArgumentError(f"a bundle has no file {name!r}", field="files")
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
