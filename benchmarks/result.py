"""A measured number and what it shall be; what one claim found."""

import statistics

import msgspec
from aidevos_cli.bench.measured import Measured


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One number. `must` closes an issue, `aim` is what we want; None: no such goal."""

    name: str
    value: float | None
    """None: not measured here, and `note` says why."""
    unit: str = ""
    must: float | None = None
    aim: float | None = None
    less_is_better: bool = False
    note: str = ""
    broken: bool = False
    """It was to be measured, and could not be."""

    @property
    def met(self) -> str:
        """`aim`, `must`, `NO`, or `-` for a number without a goal."""
        if self.broken:
            return "NO"
        if self.value is None or (self.must is None and self.aim is None):
            return "-"
        if self._reaches(self.aim):
            return "aim"
        return "must" if self._reaches(self.must) else "NO"

    def _reaches(self, goal: float | None) -> bool:
        assert self.value is not None
        if goal is None:
            return False
        return self.value <= goal if self.less_is_better else self.value >= goal


Group = list[Measured]
"""Rows of one run that are compared: ours first, then its baselines."""


class Found(msgspec.Struct, frozen=True):
    """What one claim's run found."""

    results: list[Result]
    groups: list[Group] = []
    """The rows that the results are made of."""


def ratio(ours: Measured, other: Measured) -> float:
    """Return our rate by the other's: the median of the rounds, each compared with its own."""
    pairs = zip(ours.rates, other.rates, strict=True)
    return statistics.median(mine / theirs for mine, theirs in pairs)


def at_most(
    name: str, value: float, unit: str, must: float, aim: float | None = None, *, note: str = ""
) -> Result:
    """A number that shall not exceed its goals."""
    found = Result(name=name, value=round(value, 3), unit=unit, must=must, aim=aim, note=note)
    return msgspec.structs.replace(found, less_is_better=True)


def at_least(name: str, value: float, unit: str, must: float, aim: float | None = None) -> Result:
    """A number that shall reach its goals."""
    return Result(name=name, value=round(value, 3), unit=unit, must=must, aim=aim)


def fact(name: str, value: float, unit: str, note: str = "") -> Result:
    """A number without a goal, printed because another number means little without it."""
    return Result(name=name, value=round(value, 3), unit=unit, note=note)


def not_here(name: str, why: str) -> Result:
    """A number that could not be measured on this machine."""
    return Result(name=name, value=None, note=why)


def failed(name: str, why: str) -> Result:
    """A claim that ended before it had measured anything."""
    return Result(name=name, value=None, note=why, broken=True)
