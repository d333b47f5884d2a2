"""Specs in other words than the examples': each is wholly understood and said back the same."""

from pathlib import Path

import pytest
from aidevos_agents.spec import compile_spec, render

SPECS = sorted((Path(__file__).parent / "unseen").glob("*.md"))


@pytest.mark.parametrize("path", SPECS, ids=[path.stem for path in SPECS])
def test_an_unseen_spec_is_wholly_understood(path: Path) -> None:
    found = compile_spec(path.read_text())
    assert [one.sentence(path.name) for one in found.problems] == []
    assert found.model is not None
    assert compile_spec(render(found.model)).model == found.model


def test_there_are_unseen_specs() -> None:
    assert len(SPECS) >= 8
