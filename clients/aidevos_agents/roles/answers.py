"""What the team's reasoners answer, and what goes from stage to stage: hashes and small facts."""

from typing import Any

import msgspec

from aidevos_agents.runs import Reason


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The spec as an app model, or why there is none. `report` has coverage and reasons."""

    ok: bool
    report: str
    """Hash of a `PlanReport`."""
    app: str = ""
    model: str = ""
    """Hash of the app model."""
    lines: str = ""
    """Hash of where each element was said."""


class Sentence(msgspec.Struct, frozen=True):
    """A sentence, row or step of the spec that is not understood, or in more than one way."""

    line: int
    text: str


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """How much of the spec is understood; description is counted apart."""

    sentences: int
    understood: int
    description: int = 0
    ambiguous: tuple[Sentence, ...] = ()
    not_understood: tuple[Sentence, ...] = ()
    understood_lines: tuple[int, ...] = ()
    description_lines: tuple[int, ...] = ()


class PlanReport(msgspec.Struct, frozen=True, kw_only=True):
    """Coverage of the spec, and the reasons of a refusal."""

    coverage: Coverage
    reasons: tuple[Reason, ...] = ()


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What a role made: a tree of files."""

    tree: str
    files: int
    bytes: int


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """What one gate found."""

    gate: str
    checks: int
    failed: int
    failures: tuple[str, ...] = ()
    seconds: float = 0.0


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What all gates found; `report` is the hash of the whole as an artifact."""

    ok: bool
    gates: tuple[Gate, ...]
    report: str


class Progress(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What pm knows of one run; kept by the platform after every step."""

    plan: Plan | None = None
    version: int = 0
    parts: dict[str, str] = {}
    """Trees by the role that made them."""
    tree: str = ""
    """The bundle."""
    report: str = ""
    """Hash of the evaluator's verdict."""


def encode(value: Any) -> bytes:
    """Return canonical JSON: equal values have equal hashes."""
    return msgspec.json.encode(value, order="sorted")
