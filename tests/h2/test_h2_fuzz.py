"""A few thousand fuzzed inputs; `make long` tries a million."""

from h2_fuzz import fuzz, resident_mb

INPUTS = 3_000


def test_nothing_escapes_from_fuzzed_sessions() -> None:
    before = resident_mb()
    made = fuzz(0, INPUTS)
    assert made.outcomes.total() == INPUTS
    assert made.outcomes["fine"] > INPUTS // 4
    assert len(made.outcomes) > 15, "inputs reach the rules of the protocol"
    assert resident_mb() - before < 64
