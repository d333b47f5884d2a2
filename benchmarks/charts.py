"""Charts of results.json, as SVG: `python -m benchmarks.charts [DIRECTORY]`.

`make bench` writes them beside the results; docs/charts/ has those that docs/performance.md shows.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
from aidevos_cli.bench.measured import Measured

from benchmarks.report import RESULTS, Report
from benchmarks.result import Group, Result
from benchmarks.svg import Bar, Part, Picture, draw

PROCESSES = {"client": "three", "host": "one", "worker": "two"}
OUTSTANDING = " outstanding"
"""How a number against goals ends, after the row's name."""
BASELINES = ("bare grpc.aio echo", "Redis INCR, appendfsync always")
"""What is drawn beside ours: a dict and SQLite alone would leave no room for anything else."""


def main(directory: Path) -> None:
    """Write every chart that the results have numbers for."""
    report = msgspec.json.decode(RESULTS.read_bytes(), type=Report)
    write_charts(report, directory)


def write_charts(report: Report, directory: Path) -> list[Path]:
    """Write the charts of `report`; return the files."""
    directory.mkdir(exist_ok=True)
    written: list[Path] = []
    for name, picture in _pictures(report):
        if picture.bars:
            path = directory / f"{name}.svg"
            path.write_text(draw(picture))
            written.append(path)
    return written


def _pictures(report: Report) -> Iterator[tuple[str, Picture]]:
    groups = [group for found in report.found.values() for group in found.groups]
    results = [result for found in report.found.values() for result in found.results]
    machine = report.machine
    where = f"{machine.cores} cores for client, host and worker; {machine.at[:10]}"
    where += f", commit {machine.commit}, load {machine.load:g}, Python {machine.python}"
    rates = [("one", "AIDevOS"), ("other", "baseline of the same run"), ("goal", "must and aim")]
    yield (
        "calls",
        Picture(
            "Calls per second, by work and calls outstanding", where, rates, _rates(groups, results)
        ),
    )
    cpu = [(colour, process) for process, colour in PROCESSES.items()]
    yield "cpu", Picture("Microseconds of CPU for each call, by process", where, cpu, _cpu(groups))
    kinds = [("one", "host and worker"), ("goal", "must and aim")]
    yield "memory", Picture("Megabytes of many small objects", where, kinds, _memory(results))


def _rates(groups: list[Group], results: list[Result]) -> list[Bar]:
    goals = {result.name.removesuffix(OUTSTANDING): result for result in results}
    bars: list[Bar] = []
    for ours, *others in groups:
        goal = goals.get(_label(ours))
        bars.append(_rate(ours, "one", _goals(goal) if goal else []))
        bars += [_rate(other, "other", []) for other in others if other.name in BASELINES]
    return bars


def _rate(row: Measured, colour: str, goals: list[float]) -> Bar:
    rate = row.calls_per_s
    label = _label(row) if colour == "one" else row.name
    return Bar(label, [Part(rate, colour)], f"{rate:,.0f}", goals)


def _cpu(groups: list[Group]) -> list[Bar]:
    return [
        Bar(
            _label(ours),
            [Part(ours.cpu_us.get(name, 0), colour) for name, colour in PROCESSES.items()],
            f"{sum(ours.cpu_us.values()):.1f}",
        )
        for ours, *_ in groups
    ]


def _memory(results: list[Result]) -> list[Bar]:
    return [
        Bar(one.name, [Part(one.value, "one")], f"{one.value:,.0f}", _goals(one))
        for one in results
        if one.unit == "MB" and one.value is not None
    ]


def _goals(one: Result) -> list[float]:
    return [goal for goal in (one.must, one.aim) if goal]


def _label(row: Measured) -> str:
    return f"{row.name}, {row.outstanding}"


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else RESULTS.parent / "charts")
