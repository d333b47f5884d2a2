"""Understood means part of the model: take any understood unit away and the model changes."""

from pathlib import Path

import pytest
from aidevos_agents.spec import Unit, compile_spec

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def without(text: str, unit: Unit) -> str:
    """Return `text` without one unit: its words, or its whole line if it is a row or a step."""
    lines = text.split("\n")
    line = lines[unit.line - 1]
    rest = line[unit.column - 1 :]
    if line.lstrip().startswith("|") or not rest.startswith(unit.text):
        del lines[unit.line - 1]
        return "\n".join(lines)
    lines[unit.line - 1] = line[: unit.column - 1] + rest[len(unit.text) :]
    kept = lines[unit.line - 1].strip()
    if kept.split(" ")[0] in ("Given", "When", "Then", "And", "But") and " " not in kept:
        _drop_step(lines, unit.line - 1)
    elif kept == "-":
        del lines[unit.line - 1]
    return "\n".join(lines)


def _drop_step(lines: list[str], index: int) -> None:
    """The step after takes the keyword over, so that only one unit goes."""
    keyword = lines.pop(index).split()[0]
    if index < len(lines) and lines[index].split()[:1] == ["And"] and keyword != "And":
        lines[index] = lines[index].replace("And", keyword, 1)


@pytest.mark.parametrize("name", ["todo", "bookshelf", "shop"])
def test_taking_an_understood_unit_away_changes_the_model(name: str) -> None:
    text = (EXAMPLES / f"{name}.md").read_text()
    whole = compile_spec(text)
    understood = [unit for unit in whole.units if unit.status == "understood"]
    assert len(understood) >= 13
    for unit in understood:
        assert unit.makes, unit
        assert compile_spec(without(text, unit)).draft != whole.draft, unit


@pytest.mark.parametrize("name", ["bookshelf", "shop"])
def test_a_spec_that_asks_for_more_gets_the_list_of_its_sentences(name: str) -> None:
    text = (EXAMPLES / f"{name}.md").read_text()
    found = compile_spec(text)
    assert found.model is None
    named = {problem.line for problem in found.problems}
    lines = text.split("\n")
    for place in found.coverage.not_understood:
        assert place.line in named
        assert place.text.split(" | ")[0][:20] in lines[place.line - 1]
    for problem in found.problems:
        assert problem.line > 0
        assert problem.do
