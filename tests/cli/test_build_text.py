"""What a build prints for people: failures in short, every sentence once, commands that work."""

import pytest
from aidevos_agents.roles.answers import Coverage, PlanReport, Sentence
from aidevos_cli.build_text import LINE_MAX, TextView
from aidevos_cli.build_view import BuildResult
from aidevos_cli.context import Server
from aidevos_cli.failures import CliError, end_with
from aidevos_cli.typed import to_look_at, typed

SERVER = Server(pid=1, grpc="g", admin="a", http="h", token="")
RUN = "run-12"


def printed(capsys: pytest.CaptureFixture[str], **given: object) -> str:
    facts: dict[str, object] = {"service": "shop", "run": RUN, "version": 1, "server": SERVER}
    facts |= {"deployed": False, "look": "LOOK"}
    TextView("shop.md", 0.0).result(BuildResult(**(facts | given)))  # type: ignore[arg-type]
    return capsys.readouterr().out


def test_a_failed_gate_is_told_in_three_short_lines_and_what_to_do_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    what = [f"gate contract: POST /x {n}: expected {'y' * 500}" for n in range(8)]
    reasons = [{"line": 0, "what": one, "do": "report `aidevos runs RUN`"} for one in what]
    gates = [{"gate": "contract", "checks": 90, "failed": 38, "seconds": 1.0}]
    told = printed(capsys, reasons=reasons, gates=gates)
    lines = [line for line in told.splitlines() if "POST /x" in line]
    assert len(lines) == 3
    assert all(len(line) <= LINE_MAX + 2 for line in lines)
    assert "gate contract: and 35 more" in told
    assert told.count("do: report `aidevos runs run-12`") == 1
    assert "what happened: LOOK -o json" in told


def test_a_refused_sentence_is_printed_once_with_what_to_write(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sentences = (Sentence(7, "Anyone can smell it."), Sentence(9, "Other."))
    report = PlanReport(coverage=Coverage(sentences=3, understood=1, not_understood=sentences))
    reason = {"line": 7, "what": 'not understood: "Anyone can smell it."', "do": "Say less."}
    told = printed(capsys, report=report, reasons=[reason])
    assert told.count("Anyone can smell it.") == 1
    assert "do: Say less." in told
    assert "line 9: Other." in told


def test_the_command_to_look_at_a_run_works_without_a_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AIDEVOS_COMMAND", "bin/aidevos")
    assert to_look_at(RUN, "d", serving=True) == "bin/aidevos runs run-12 --data d"
    assert to_look_at(RUN, ".aidevos/data", serving=False) == (
        "bin/aidevos dev   and then   bin/aidevos runs run-12"
    )


def test_every_try_line_begins_with_the_launcher_as_it_was_called(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIDEVOS_COMMAND", "../bin/aidevos")
    with pytest.raises(SystemExit):
        end_with(CliError("gone", hint="aidevos dev"), "table")
    assert "  try: ../bin/aidevos dev\n" in capsys.readouterr().err
    assert typed("curl -s x") == "curl -s x"
