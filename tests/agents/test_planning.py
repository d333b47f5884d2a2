"""What a plan says of specs that are larger than can be built or told."""

from aidevos_agents.roles.planning import REASONS_MAX, TOO_LARGE, report_of
from aidevos_agents.spec import compile_spec

HEAD = """# Large

Much of it.

## Things

### Thing

| field | type | rule |
|-------|------|------|
| a     | text |      |
"""


def test_problems_beyond_the_bound_are_counted() -> None:
    count = REASONS_MAX + 500
    sentences = "".join(f"- The moon has number {number}.\n" for number in range(count))
    report = report_of(compile_spec(f"{HEAD}\n## Actions\n\n{sentences}"))
    assert len(report.reasons) == REASONS_MAX
    listed = [reason for reason in report.reasons if reason.line]
    assert report.reasons[-1].what.startswith(f"{count - len(listed)} more problems")


def test_an_app_that_is_too_large_to_be_built_is_refused_as_such() -> None:
    rows = "".join(f"| f{number} | text | |\n" for number in range(900))
    report = report_of(compile_spec(f"{HEAD}{rows}\n## Actions\n\n- Anyone can add a thing.\n"))
    assert report.reasons == (TOO_LARGE,)
    small = report_of(compile_spec(f"{HEAD}\n## Actions\n\n- Anyone can add a thing.\n"))
    assert small.reasons == ()
