"""Writes a bundle to a directory of its own, starts it as a candidate, runs every gate on it."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from aidevos.core.errors import AidevosError, InvalidArgumentError
from aidevos_agents.artifacts import Files
from aidevos_agents.evaluation.http import HttpCandidate
from aidevos_agents.evaluation.process import Candidates
from aidevos_agents.gates import GateReport, run_gates
from aidevos_agents.roles.answers import Gate
from aidevos_agents.spec.model import App

OnGate = Callable[[Gate], Coroutine[Any, Any, None]]


async def judge(model: bytes, files: Files, seed: int, told: OnGate) -> tuple[Gate, ...]:
    """Return what the gates found of `files` as an app of `model`; `told` of each as it ends."""
    app = msgspec.json.decode(model, type=App)
    with tempfile.TemporaryDirectory(prefix="aidevos-candidate-") as scratch:
        bundle = Path(scratch) / "bundle"
        write_bundle(bundle, files)
        async with Candidates(bundle, Path(scratch)) as candidates:
            try:
                await candidates.fresh()
            except AidevosError as error:
                return (await _does_not_start(error, told),)
            return await _run(app, HttpCandidate(app.name, candidates), seed, told)


async def _run(app: App, candidate: HttpCandidate, seed: int, told: OnGate) -> tuple[Gate, ...]:
    gates: list[Gate] = []
    telling: list[asyncio.Task[None]] = []
    began = time.monotonic()

    def on_gate(report: GateReport) -> None:
        nonlocal began
        now = time.monotonic()
        gates.append(_gate(report, now - began))
        telling.append(asyncio.ensure_future(told(gates[-1])))
        began = now

    try:
        await run_gates(app, candidate, seed, on_gate)
    finally:
        candidate.close()
        await asyncio.gather(*telling)
    return tuple(gates)


def _gate(report: GateReport, seconds: float) -> Gate:
    return Gate(
        gate=report.gate,
        checks=report.checks,
        failed=report.failed,
        failures=report.failures,
        seconds=round(seconds, 3),
    )


async def _does_not_start(error: AidevosError, told: OnGate) -> Gate:
    gate = Gate(gate="start", checks=1, failed=1, failures=(error.message,))
    await told(gate)
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
