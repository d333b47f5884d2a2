"""What pm knows how to do: compile a spec, tell its coverage, decide on the next version."""

import asyncio
from typing import TYPE_CHECKING

import msgspec

from aidevos.v1 import pipeline_pb2 as pb
from aidevos_agents.artifacts import Artifacts
from aidevos_agents.roles.answers import Coverage, Plan, PlanReport, Sentence, encode
from aidevos_agents.runs import REASONS_MAX, Reason

if TYPE_CHECKING:
    from aidevos_agents.roles.base import RoleAgent
    from aidevos_agents.spec import Compilation

TEXT_CHARS_MAX = 200
JSON = "application/json"
MODEL_BYTES_MAX = 200_000
"""JSON of an app model: some 600 fields. What is generated of it is several times as large."""
TOO_LARGE = Reason(
    0,
    "the app is too large: its things, fields and actions together are more than can be built",
    "Split the product into several services.",
)


async def compiled(artifacts: Artifacts, spec: str) -> Plan:
    """Compile the spec of that hash; the model is there only if every sentence is understood."""
    text = (await artifacts.get(spec)).decode()
    compilation = await asyncio.to_thread(_compile, text)
    report, app = report_of(compilation), compilation.model
    if app is None or report.reasons:
        return Plan(ok=False, report=await artifacts.put(encode(report), JSON))
    report_hash, model, lines = await asyncio.gather(
        *(artifacts.put(encode(part), JSON) for part in (report, app, compilation.lines))
    )
    return Plan(ok=True, report=report_hash, app=app.name, model=model, lines=lines)


def _compile(text: str) -> "Compilation":
    # Heavy: only where they are used.
    from aidevos_agents.gates.rehearsal import rehearsed  # noqa: PLC0415
    from aidevos_agents.spec import compile_spec  # noqa: PLC0415

    return rehearsed(compile_spec(text))


def report_of(compilation: "Compilation") -> PlanReport:
    """Return coverage and reasons; every sentence that stops the run is among them."""
    by_status: dict[str, list[Sentence]] = {}
    for unit in compilation.units:
        sentence = Sentence(unit.line, unit.text[:TEXT_CHARS_MAX])
        by_status.setdefault(unit.status, []).append(sentence)
    described = len(by_status.get("description", ()))
    coverage = Coverage(
        sentences=len(compilation.units) - described,
        understood=len(by_status.get("understood", ())),
        description=described,
        ambiguous=tuple(by_status.get("ambiguous", ())[:REASONS_MAX]),
        not_understood=tuple(by_status.get("not_understood", ())[:REASONS_MAX]),
        understood_lines=tuple(s.line for s in by_status.get("understood", ())),
        description_lines=tuple(s.line for s in by_status.get("description", ())),
    )
    return PlanReport(coverage=coverage, reasons=tuple(_reasons(compilation)))


def _reasons(compilation: "Compilation") -> list[Reason]:
    """Return what is in the way; what is beyond the bound is counted, not dropped in silence."""
    app = compilation.model
    if app is not None and not compilation.problems:
        return [TOO_LARGE] if len(encode(app)) > MODEL_BYTES_MAX else []
    found = [Reason(p.line, p.what, p.do) for p in compilation.problems]
    if len(found) <= REASONS_MAX:
        return found
    more = len(found) - REASONS_MAX + 1
    left = Reason(0, f"{more:,} more problems of this kind are not listed", "Mend these first.")
    return [*found[: REASONS_MAX - 1], left]


async def next_version(agent: "RoleAgent", plan: Plan) -> tuple[int, tuple[Reason, ...]]:
    """Return the version that this plan will be, and why it may not follow the one that serves."""
    deployment = await agent.runs.deployment(plan.app)
    if deployment is None or not deployment.versions:
        return 1, ()
    version = deployment.versions[0].version + 1
    if not deployment.HasField("current"):
        return version, ()
    before = await agent.runs.get(deployment.current.run_id)
    wanted = (_model_of(before), plan.model, plan.lines)
    found = await asyncio.gather(*(agent.artifacts.get(sha256) for sha256 in wanted))
    return version, await asyncio.to_thread(_in_the_way, *found)


def _model_of(run: pb.Run) -> str:
    """Return the hash of the model that a run was planned with."""
    plan = next(stage for stage in run.stages if stage.stage == pb.STAGE_PLAN)
    return str(plan.details["model"])


def _in_the_way(old: bytes, new: bytes, lines: bytes) -> tuple[Reason, ...]:
    from aidevos_agents.spec.model import App  # noqa: PLC0415
    from aidevos_agents.upgrade import in_the_way  # noqa: PLC0415

    before, after = (msgspec.json.decode(raw, type=App) for raw in (old, new))
    return in_the_way(before, after, msgspec.json.decode(lines, type=dict[str, int]))
