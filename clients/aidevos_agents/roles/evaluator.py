"""evaluator: starts the candidate as a process of its own and drives every gate from outside."""

import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

import msgspec

from aidevos.core.errors import FailedPreconditionError
from aidevos.v1 import pipeline_pb2 as pb
from aidevos_agents.agent.message import Outcome, Task
from aidevos_agents.reasoner.request import Request
from aidevos_agents.roles.answers import Gate, Verdict, encode
from aidevos_agents.roles.base import OUR_FAULT, RoleAgent
from aidevos_agents.runs import FAILED, OK, RUNNING, TEST, Runs

FAILURES_MAX = 20
"""Failures that are told of each gate; they are counted all."""


class Evaluator(RoleAgent):
    """Tests what was made against the app model, never against the code."""

    role_name = "evaluator"
    does: ClassVar[tuple[str, ...]] = ("test",)

    def tasks(self) -> Mapping[str, Callable[[Task], Awaitable[Outcome]]]:
        """Return what it does."""
        return {"test": self._test}

    def blueprints(self) -> Mapping[str, Callable[[Request[Any]], Awaitable[Any]]]:
        """Return what its reasoner knows."""
        return {"test": self._judged}

    async def _test(self, task: Task) -> Outcome:
        """Input: the hashes `model` and `tree`."""
        await self.runs.record(task.run, TEST, RUNNING)
        response = await self.think(task, "test", Verdict)
        verdict = response.output
        gates = msgspec.to_builtins(verdict.gates)
        await self.runs.record(
            task.run,
            TEST,
            OK if verdict.ok else FAILED,
            details={"gates": gates, "provenance": msgspec.to_builtins(response.provenance)},
            evidence=[verdict.report],
            tree=task.input["tree"],
        )
        output: dict[str, Any] = {"report": verdict.report, "gates": gates}
        if not verdict.ok:
            output |= {"refused": True, "reasons": _reasons(verdict)}
        return Outcome(ok=verdict.ok, output=output, evidence=(verdict.report,))

    async def _judged(self, request: Request[Any]) -> Verdict:
        from aidevos_agents.evaluation import judge  # noqa: PLC0415 (heavy: only where it is used)
        from aidevos_agents.gates.report import GATES  # noqa: PLC0415

        model = await self.artifacts.get(request.input["model"])
        files = await self.artifacts.get_tree(request.input["tree"])
        diary = Diary(self.runs, request.run)
        started = time.monotonic()
        gates = await judge(model, files, request.seed, diary)
        report = {
            "gates": msgspec.to_builtins(gates),
            "tree": request.input["tree"],
            "model": request.input["model"],
            "seed": request.seed,
            "seconds": round(time.monotonic() - started, 3),
        }
        hash_ = await self.artifacts.put(encode(report), "application/json")
        passed = tuple(gate.gate for gate in gates if gate.failed == 0)
        ok = passed == tuple(GATES)  # Each of them, and no other that failed.
        return Verdict(ok=ok, gates=gates, report=hash_)


class Diary:
    """Tells the platform of each gate while it goes on: progress, no part of the verdict.

    After a crash all gates run again; what was told of one the first time stays then.
    """

    def __init__(self, runs: Runs, run: str) -> None:
        """Bind to a run's test stage."""
        self._runs = runs
        self._run = run

    async def begun(self, gate: str) -> None:
        """A gate begins."""
        await self._tell(gate, RUNNING, None)

    async def ended(self, gate: Gate) -> None:
        """A gate ended."""
        details = {"checks": gate.checks, "failed": gate.failed}
        outcome = FAILED if gate.failed else OK
        await self._tell(gate.gate, outcome, details)

    async def _tell(
        self, gate: str, outcome: "pb.StageOutcome.ValueType", details: dict[str, Any] | None
    ) -> None:
        with contextlib.suppress(FailedPreconditionError):
            await self._runs.record(self._run, TEST, outcome, part=gate, details=details)


def _reasons(verdict: Verdict) -> list[dict[str, Any]]:
    return [
        {"line": 0, "what": f"gate {gate.gate}: {failure}", "do": OUR_FAULT}
        for gate in verdict.gates
        for failure in gate.failures or ((f"{gate.failed} checks failed",) * bool(gate.failed))
    ]
