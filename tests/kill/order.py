"""Whether the versions of one object respect the order in which things were done and seen.

The versions say in which order changes took effect. That is a linearization if no call that ended
before another began has a later place: what began after a version was known sees at least that
version, and a change that began then makes a higher one. Together with replies that are what the
object was at their versions, this is all that linearizability of one object asks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class Step:
    """One call's part in an object: it made the versions `first` to `version`, or saw `version`."""

    call: str
    begun: int
    ended: int | None
    """When its caller knew; None: never."""
    version: int
    first: int = 0
    """0: it changed nothing."""


def out_of_order(steps: Sequence[Step]) -> Iterator[str]:
    """Yield a sentence for each step that began after what it should have come before."""
    moments = [(step.begun, 0, place) for place, step in enumerate(steps)]
    moments += [(s.ended, 1, place) for place, s in enumerate(steps) if s.ended is not None]
    known, by = 0, ""
    for _, is_end, place in sorted(moments):
        step = steps[place]
        if is_end:
            if step.version > known:
                known, by = step.version, step.call
        elif step.first and step.first <= known:
            yield f"{step.call} made {step.first} after {by} had told {known}"
        elif not step.first and step.version < known:
            yield f"{step.call} saw {step.version} after {by} had told {known}"
