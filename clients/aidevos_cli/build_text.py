"""A build as text: a line per stage, coverage with line numbers, what was checked, addresses.

On a terminal the stage at work is shown and overwritten; elsewhere only whole lines are printed.
"""

import sys
import time
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from aidevos_cli.build_view import BuildResult
from aidevos_cli.output import Row, emit_rows

CLEAR = "\r\033[K"
FAILURES_SHOWN = 3
"""Failures told of each gate."""
LINE_MAX = 160


class TextView:
    """Lines for people."""

    def __init__(self, spec: str, started: float) -> None:
        """Say which spec; `started` is when the command began (monotonic)."""
        self._spec = spec
        self._started = started
        self._live = sys.stdout.isatty()
        self._parts: dict[str, str] = {}

    def note(self, text: str) -> None:
        """Print it."""
        self._line(text)

    def stage_begun(self, stage: str) -> None:
        """Show the stage at work."""
        self._parts = {}
        self._show(stage)

    def part(self, stage: str, part: str, outcome: str, facts: dict[str, Any]) -> None:
        """Show who is at work, and keep what came of it for the stage's line."""
        self._parts[part] = "..." if outcome == "running" else _facts(facts, outcome)
        self._show(stage)

    def stage_ended(self, stage: str, outcome: str, seconds: float) -> None:
        """Print the stage's line."""
        parts = ", ".join(f"{name} {came}" for name, came in self._parts.items())
        self._line(f"{stage:<9} {outcome:<8} {seconds:6.2f} s   {parts}".rstrip())

    def result(self, result: BuildResult) -> None:
        """Print coverage, checks, and the addresses or the reasons."""
        self._coverage(result)
        if result.gates:
            self._line("")
            emit_rows("table", ("gate", "checks", "failed", "seconds"), result.gates)
        self._line("")
        if not result.deployed:
            self._refusal(result)
            return
        took = time.monotonic() - self._started
        self._line(f"{result.service} version {result.version} is deployed ({took:.1f} s)")
        for name, address in result.addresses().items():
            self._line(f"  {name:<6} {address}")
        self._line(f"  made by {result.run}: {result.look}")

    def refused_at_once(self, line: int, what: str, do: str) -> None:
        """Print the refusal."""
        self._reasons([{"line": line, "what": what, "do": do}])

    def serving(self) -> None:
        """Say how to end it."""
        self._line("serving; end with Ctrl-C, start the same command again to go on")

    # ---- inside ----------------------------------------------------------------------------

    def _coverage(self, result: BuildResult) -> None:
        if result.report is None:
            return
        covered = result.report.coverage
        told = {reason["line"] for reason in result.reasons}
        self._line("")
        self._line(
            f"coverage: {covered.understood} of {covered.sentences} sentences understood, "
            f"{len(covered.ambiguous)} ambiguous, {len(covered.not_understood)} not understood; "
            f"{covered.description} of description"
        )
        self._line(f"  understood      lines {ranges(covered.understood_lines)}")
        if covered.description_lines:
            self._line(f"  description     lines {ranges(covered.description_lines)}")
        for name in ("ambiguous", "not_understood"):
            for sentence in getattr(covered, name):
                if sentence.line in told:
                    continue
                self._line(f"  {name.replace('_', ' '):<15} line {sentence.line}: {sentence.text}")

    def _refusal(self, result: BuildResult) -> None:
        failed = [reason for reason in result.reasons if _gate(reason)]
        self._reasons([reason for reason in result.reasons if reason not in failed])
        self._failures(failed, result)
        whole = " -o json" if failed else ""
        self._line(f"  what happened: {result.look}{whole}")

    def _failures(self, reasons: Sequence[dict[str, Any]], result: BuildResult) -> None:
        """Print the first failures of each gate, and what to do about all of them once."""
        counts = {gate["gate"]: gate["failed"] for gate in result.gates}
        for gate, group in groupby(reasons, key=_gate):
            found = list(group)
            for reason in found[:FAILURES_SHOWN]:
                self._line(f"  {cut(reason['what'])}")
            more = counts.get(gate, len(found)) - FAILURES_SHOWN
            if more > 0:
                self._line(f"  gate {gate}: and {more} more")
        if reasons:
            self._line(f"      do: {reasons[0]['do'].replace('RUN', result.run)}")

    def _reasons(self, reasons: Sequence[dict[str, Any]]) -> None:
        self._line(f"{self._spec} is not deployed:")
        for reason in reasons:
            where = f"line {reason['line']}: " if reason["line"] else ""
            self._line(f"  {where}{reason['what']}")
            if reason["do"]:
                self._line(f"      do: {reason['do']}")

    def _show(self, stage: str) -> None:
        if self._live:
            parts = ", ".join(f"{name} {came}" for name, came in self._parts.items())
            sys.stdout.write(f"{CLEAR}{stage:<9} {parts}"[:110])
            sys.stdout.flush()

    def _line(self, text: str) -> None:
        print(f"{CLEAR if self._live else ''}{text}", flush=True)


def _gate(reason: dict[str, Any]) -> str:
    """Return the gate that a failure is of; empty for any other reason."""
    head, colon, _ = reason["what"].partition(": ")
    return head.removeprefix("gate ") if colon and head.startswith("gate ") else ""


def cut(text: str) -> str:
    """Return the text as one line of bounded length."""
    line = " ".join(text.split())
    return line if len(line) <= LINE_MAX else f"{line[: LINE_MAX - 3]}..."


def ranges(lines: Sequence[int]) -> str:
    """Return sorted line numbers as `3, 9-12, 15`."""
    spans: list[list[int]] = []
    for line in sorted(set(lines)):
        if spans and spans[-1][1] + 1 == line:
            spans[-1][1] = line
        else:
            spans.append([line, line])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans) or "none"


def _facts(facts: Row | dict[str, Any], outcome: str) -> str:
    if "checks" in facts:
        failed = f", {facts['failed']} failed" if facts["failed"] else ""
        return f"{facts['checks']} checks{failed}"
    return f"{facts['files']} files" if "files" in facts else outcome
