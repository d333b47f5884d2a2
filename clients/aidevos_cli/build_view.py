"""What a build tells while it runs and at its end: JSON lines for programs, text for people."""

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from aidevos_cli.context import Server
from aidevos_cli.output import Row, emit_item

if TYPE_CHECKING:
    from aidevos_agents.roles.answers import PlanReport


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """What came of a run, as the server holds it."""

    service: str
    deployed: bool
    run: str
    version: int
    server: Server
    look: str = ""
    """What to type to see the run."""
    report: "PlanReport | None" = None
    gates: list[dict[str, Any]] = field(default_factory=list)
    reasons: list[dict[str, Any]] = field(default_factory=list)

    def addresses(self) -> dict[str, str]:
        """Return where the service answers; `api` + a route of the spec is that route."""
        base = f"http://{self.server.http}/{self.service}"
        return {
            "api": f"{base}/api",
            "pages": f"{base}/",
            "admin": f"http://{self.server.admin}",
            "grpc": self.server.grpc,
        }

    def coverage(self) -> dict[str, Any] | None:
        """Return how much of the spec was understood, or None if nobody came to read it."""
        if self.report is None:
            return None
        covered = self.report.coverage
        return {
            "sentences": covered.sentences,
            "understood": covered.understood,
            "ambiguous": [{"line": s.line, "text": s.text} for s in covered.ambiguous],
            "not_understood": [{"line": s.line, "text": s.text} for s in covered.not_understood],
        }


class View(Protocol):
    """Told of everything in the order in which it happens."""

    def note(self, text: str) -> None:
        """Something that a person wants to know."""

    def stage_begun(self, stage: str) -> None:
        """A stage begins."""

    def part(self, stage: str, part: str, outcome: str, facts: dict[str, Any]) -> None:
        """A part of a stage began (`running`) or ended."""

    def stage_ended(self, stage: str, outcome: str, seconds: float) -> None:
        """A stage ended."""

    def result(self, result: BuildResult) -> None:
        """The run ended."""

    def refused_at_once(self, line: int, what: str, do: str) -> None:
        """The spec cannot be read; nothing was started."""

    def serving(self) -> None:
        """The command stays and serves."""


class LineView:
    """JSON (or YAML): one object a line, the last one is the result."""

    def __init__(self, fmt: str, started: float) -> None:
        """Print as `fmt`; `started` is when the command began (monotonic)."""
        self._fmt = fmt
        self._started = started

    def note(self, text: str) -> None:
        """Nothing: the result line says the same."""

    def stage_begun(self, stage: str) -> None:
        """Nothing: the end of a stage is told."""

    def part(self, stage: str, part: str, outcome: str, facts: dict[str, Any]) -> None:
        """Nothing: parts are for people."""

    def stage_ended(self, stage: str, outcome: str, seconds: float) -> None:
        """Print the stage."""
        row: Row = {"event": "stage", "stage": stage, "outcome": outcome}
        emit_item(self._fmt, row | {"seconds": round(seconds, 3)})

    def result(self, result: BuildResult) -> None:
        """Print the result."""
        row: Row = {"event": "result", "service": result.service, "deployed": result.deployed}
        if not result.deployed:
            row["reasons"] = result.reasons
        if (coverage := result.coverage()) is not None:
            row["coverage"] = coverage
        if result.gates:
            names = ("gate", "checks", "failed")
            row["gates"] = [{name: gate[name] for name in names} for gate in result.gates]
        if result.deployed:
            row["addresses"] = result.addresses()
        emit_item(self._fmt, row | {"seconds": self._seconds()})

    def refused_at_once(self, line: int, what: str, do: str) -> None:
        """Print the refusal as the result."""
        row: Row = {"event": "result", "service": "", "deployed": False}
        row["reasons"] = [{"line": line, "what": what, "do": do}]
        emit_item(self._fmt, row | {"seconds": self._seconds()})

    def serving(self) -> None:
        """Nothing: the process stays."""

    def _seconds(self) -> float:
        return round(time.monotonic() - self._started, 3)


def make_view(fmt: str, spec: str, started: float) -> View:
    """Return the view for a format."""
    if fmt == "table":
        from aidevos_cli.build_text import TextView  # noqa: PLC0415 (only where it is used)

        return TextView(spec, started)
    return LineView(fmt, started)
