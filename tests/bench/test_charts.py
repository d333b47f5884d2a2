"""Numbers against goals, and the charts made of them."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from aidevos_cli.bench.measured import Measured

from benchmarks.charts import write_charts
from benchmarks.machine import Machine
from benchmarks.report import Report
from benchmarks.result import Found, Result, at_least, at_most, fact, not_here, ratio

MACHINE = Machine("2026-01-01T00:00:00Z", "abc", 2, 0.5, "6.1", "3.11", "3.40", "1.85")
SVG = "{http://www.w3.org/2000/svg}"


def row(name: str, *rates: float) -> Measured:
    return Measured(
        name=name,
        outstanding=64,
        calls=1_000,
        rates=rates,
        cpu_us={"client": 4.0, "host": 8.0, "worker": 2.0},
        written_bytes=100.0,
        p50_ms=1.0,
        p99_ms=2.0,
        p999_ms=3.0,
    )


@pytest.mark.parametrize(
    ("result", "met"),
    [
        (at_least("rate", 69, "calls/s", 45, 70), "must"),
        (at_least("rate", 70, "calls/s", 45, 70), "aim"),
        (at_least("rate", 44, "calls/s", 45, 70), "NO"),
        (at_most("memory", 501, "MB", 800, 500), "must"),
        (at_most("memory", 801, "MB", 800, 500), "NO"),
        (at_most("start", 1.0, "s", 1.0), "must"),
        (fact("fsyncs", 3, "fsyncs"), "-"),
        (not_here("redis", "not installed here"), "-"),
    ],
)
def test_a_number_meets_its_aim_its_must_or_neither(result: Result, met: str) -> None:
    assert result.met == met


def test_a_ratio_compares_each_round_with_its_own_weather() -> None:
    assert ratio(row("ours", 100, 10, 90), row("other", 50, 5, 30)) == 2.0


def test_a_chart_is_drawn_inside_its_frame_for_light_and_dark(tmp_path: Path) -> None:
    rows = [row("a durable <call> & more", 900.0), row("bare grpc.aio echo", 400.0)]
    goal = at_least("a durable <call> & more, 64 outstanding", 900, "calls/s", 1_000, 2_000)
    memory = at_most("a million objects", 400, "MB", 800, 500)
    report = Report(MACHINE, False, {"calls": Found([goal, memory], [rows])})
    calls, cpu, megabytes = write_charts(report, tmp_path / "charts")
    for path in (calls, cpu, megabytes):
        root = ElementTree.fromstring(path.read_text())
        assert "prefers-color-scheme: dark" in path.read_text()
        bars = [bar for bar in root.iter(f"{SVG}rect") if bar.get("class") in ("one", "other")]
        assert bars
        for bar in bars:
            assert float(bar.get("x", 0)) + float(bar.get("width", 0)) <= float(
                root.get("width", 0)
            )
    marks = re.findall(r'class="goal" d="M([\d.]+)', calls.read_text())
    assert len(marks) == 3, "one in the legend, must and aim on the bar"
    assert "900" in calls.read_text()
    assert "14.0" in cpu.read_text()


def test_what_has_no_numbers_has_no_chart(tmp_path: Path) -> None:
    report = Report(MACHINE, False, {"redis": Found([not_here("redis", "not installed here")])})
    assert write_charts(report, tmp_path) == []
