"""The static checks of bin/checks.sh count as tests: a run with a failed check cannot end green."""

import os


def test_every_static_check_passed() -> None:
    assert os.environ.get("AIDEVOS_CHECKS_FAILED", "").split() == []
