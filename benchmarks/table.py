"""The two tables that `make bench` prints: numbers against goals, and the rows behind them."""

from collections.abc import Iterable, Sequence

from aidevos_cli.bench.measured import Measured

from benchmarks.result import Found, Result, ratio


def print_found(found: Iterable[Found]) -> None:
    """Print goals last: that is what is looked at."""
    found = list(found)
    groups = [group for one in found for group in one.groups]
    if groups:
        print_rows(HEADS, [_measured(group[0], row) for group in groups for row in group])
        print()
    results = [result for one in found for result in one.results]
    print_rows(("number", "value", "", "must", "aim", "met", ""), [_result(one) for one in results])


HEADS = (
    *("work", "out", "calls/s", "calls/cpu-s", "cpu us/call"),
    *("p50", "p99", "p99.9 ms", "calls/fsync", "B written", "handler", "ours is"),
)


def _measured(ours: Measured, row: Measured) -> tuple[str, ...]:
    shared = row.calls_per_fsync
    return (
        row.name,
        str(row.outstanding),
        f"{row.calls_per_s:,.0f}",
        f"{row.calls_per_cpu_s:,.0f}",
        " ".join(f"{process} {us:.1f}" for process, us in row.cpu_us.items()),
        f"{row.p50_ms:.2f}",
        f"{row.p99_ms:.2f}",
        f"{row.p999_ms:.2f}",
        "-" if shared is None else f"{shared:.0f}",
        f"{row.written_bytes:,.0f}",
        row.handler or "-",
        "" if row is ours else f"{_short(ratio(ours, row))} x",
    )


def _result(one: Result) -> tuple[str, ...]:
    if one.value is None:
        return (one.name, "-", "", "", "", "-", one.note)
    goals = ["" if goal is None else f"{goal:,g}" for goal in (one.must, one.aim)]
    return (one.name, _short(one.value), one.unit, *goals, one.met, one.note)


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:,.4g}"


def print_rows(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print aligned columns."""
    widths = [max(len(line[at]) for line in (heads, *rows)) for at in range(len(heads))]
    for line in (heads, *rows):
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        print("  ".join(cells).rstrip())
