"""Rows about framed calls as numbers against goals."""

from collections.abc import Mapping

from aidevos_cli.bench.measured import Measured

from benchmarks.result import Found, Group, Result, at_least

Rows = Mapping[int, Group]
"""By outstanding calls: our row first, then its baselines."""
Goals = Mapping[int, tuple[float, float]]
"""Must and aim, in calls per second."""


def found_against(rows: Rows, goals: Goals, *more: Result) -> Found:
    """Return what a claim found: rates against goals, what else it says, and the rows."""
    results = [_rate(outstanding, group[0], goals) for outstanding, group in rows.items()]
    return Found([*results, *more], list(rows.values()))


def _rate(outstanding: int, ours: Measured, goals: Goals) -> Result:
    name = f"{ours.name}, {outstanding} outstanding"
    must, aim = goals[outstanding]
    return at_least(name, ours.calls_per_s, "calls/s", must, aim)
