"""What one run of the benchmarks found, as results.json holds it."""

import msgspec

from benchmarks.common import ROOT
from benchmarks.machine import Machine
from benchmarks.result import Found

RESULTS = ROOT / "benchmarks" / "results.json"


class Report(msgspec.Struct, frozen=True):
    """All claims that ran, and on what."""

    machine: Machine
    quick: bool
    found: dict[str, Found]
    """By claim."""

    def write(self) -> None:
        """Write results.json."""
        RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n")
