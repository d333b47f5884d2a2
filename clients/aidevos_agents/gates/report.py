"""What a gate found: how many comparisons it made, and one line for each that failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

GateName = Literal["contract", "boundaries", "sequences", "crash_replay", "acceptance"]
GATES: tuple[GateName, ...] = ("contract", "boundaries", "sequences", "crash_replay", "acceptance")
FAILURES_MAX = 8
"""A gate ends after so many failures: the ones that follow say the same again."""
LINE_MAX = 1_500


@dataclass(frozen=True, slots=True)
class GateReport:
    """`checks` counts comparisons; `failed` of them differed, the first are told in `failures`."""

    gate: GateName
    checks: int
    failed: int
    failures: tuple[str, ...]


class GateEndedError(Exception):
    """The gate cannot go on: too many failures, or the candidate does not answer."""


class Tally:
    """Counts the comparisons of one gate."""

    def __init__(self, gate: GateName, failures_max: int = FAILURES_MAX) -> None:
        self.gate = gate
        self._failures_max = failures_max
        self.checks = 0
        self.failures: list[str] = []

    def compare(self, equal: bool, asked: str, expected: object, got: object) -> bool:
        """Count one comparison; tell it if it failed. Return whether it held."""
        self.checks += 1
        if not equal:
            self.failures.append(f"{asked}: expected {expected}, got {got}"[:LINE_MAX])
        return equal

    def fail(self, line: str) -> None:
        """Count one check that failed."""
        self.checks += 1
        self.failures.append(line[:LINE_MAX])

    def end_if_hopeless(self) -> None:
        """Raise GateEndedError if there are too many failures to go on."""
        if len(self.failures) >= self._failures_max:
            raise GateEndedError

    def report(self) -> GateReport:
        """Return what was found."""
        told = tuple(self.failures[: self._failures_max])
        return GateReport(self.gate, self.checks, len(self.failures), told)
