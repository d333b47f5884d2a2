"""What was measured of one kind of work: rates, CPU by process, latencies, fsyncs."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from aidevos_cli.bench.processes import Used


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One row: the medians of its rounds, and the sums that no round changes the meaning of."""

    name: str
    outstanding: int
    calls: int
    rates: tuple[float, ...]
    """Calls per second of each round."""
    cpu_us: dict[str, float]
    """Microseconds of CPU for each call, by process."""
    written_bytes: float
    """Bytes written to the disk for each call, by all of them."""
    p50_ms: float
    p99_ms: float
    p999_ms: float
    fsyncs: int | None = None
    handler: str = ""
    """Which process ran the handler, as the server says."""

    @property
    def calls_per_s(self) -> float:
        """Median of the rounds."""
        return statistics.median(self.rates)

    @property
    def calls_per_cpu_s(self) -> float:
        """Calls for each second of CPU of all processes together."""
        return 1e6 / max(sum(self.cpu_us.values()), 1e-9)

    @property
    def calls_per_fsync(self) -> float | None:
        """Calls that shared one fsync; None where nobody counted them."""
        return self.calls / self.fsyncs if self.fsyncs else None


@dataclass(slots=True)
class Tally:
    """Sums rounds up to a `Measured`."""

    name: str
    outstanding: int
    calls: int = 0
    fsyncs: int | None = None
    rates: list[float] = field(default_factory=list)
    latencies_s: list[float] = field(default_factory=list)
    cpu_ns: dict[str, int] = field(default_factory=dict)
    written_bytes: int = 0

    def add_round(self, calls: int, seconds: float, fsyncs: int | None = None) -> None:
        """Count one round's calls."""
        self.calls += calls
        self.rates.append(calls / seconds)
        if fsyncs is not None:
            self.fsyncs = (self.fsyncs or 0) + fsyncs

    def add_used(self, before: Mapping[str, Used], after: Mapping[str, Used]) -> None:
        """Count one round's CPU and what it wrote."""
        for process, now in after.items():
            then = before[process]
            self.cpu_ns[process] = self.cpu_ns.get(process, 0) + now.cpu_ns - then.cpu_ns
            self.written_bytes += now.written_bytes - then.written_bytes

    def measured(self, handler: str = "") -> Measured:
        """Return the row."""
        ordered = sorted(self.latencies_s)
        return Measured(
            name=self.name,
            outstanding=self.outstanding,
            calls=self.calls,
            rates=tuple(round(rate, 1) for rate in self.rates),
            cpu_us={name: round(ns / 1e3 / self.calls, 2) for name, ns in self.cpu_ns.items()},
            written_bytes=round(self.written_bytes / self.calls, 1),
            p50_ms=percentile_ms(ordered, 0.5),
            p99_ms=percentile_ms(ordered, 0.99),
            p999_ms=percentile_ms(ordered, 0.999),
            fsyncs=self.fsyncs,
            handler=handler,
        )


def percentile_ms(ordered_s: Sequence[float], share: float) -> float:
    """Return the smallest of the ordered seconds that `share` of them do not exceed, in ms."""
    if not ordered_s:
        return 0.0
    return round(ordered_s[max(0, math.ceil(share * len(ordered_s)) - 1)] * 1e3, 3)
