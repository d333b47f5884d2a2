"""What a run allows: which role may record what, and in which order. Pure tables and checks."""

from typing import Literal

from aidevos.core.errors import InvalidArgumentError, PermissionDeniedError

Stage = Literal["plan", "generate", "test", "deploy"]
Outcome = Literal["running", "ok", "failed", "refused"]
RunOutcome = Literal["open", "deployed", "refused", "failed", "cancelled"]

STAGES: tuple[Stage, ...] = ("plan", "generate", "test", "deploy")
ATTEMPTS_MAX = 10
"""Attempts of one stage: bounds the repair loop."""
PARTS_MAX = 50

ROLES = ("pm", "backend", "frontend", "security", "devops", "evaluator")

_STAGE: dict[Stage, tuple[str, ...]] = {
    "plan": ("pm",),
    "generate": ("pm",),
    "test": ("evaluator",),
    "deploy": ("devops",),
}
_FINISH: dict[RunOutcome, tuple[str, ...]] = {
    "deployed": ("pm", "devops"),
    "refused": ("pm", "security"),
    "failed": ROLES,
    "cancelled": ("operator",),
}


def check_may_record(role: str, stage: Stage, part: str) -> None:
    """Raise PermissionDeniedError unless `role` may record this stage, or this part of it."""
    own_part = stage == "generate" and bool(part) and part.partition(".")[0] == role
    if role not in _STAGE[stage] and not own_part:
        what = f"the part {part} of {stage}" if part else f"the stage {stage}"
        raise PermissionDeniedError(
            f"{role} may not record {what}: that is for {' or '.join(_STAGE[stage])}"
        )


def check_may_deploy(role: str) -> None:
    """Raise PermissionDeniedError unless `role` may deploy."""
    if role != "devops":
        raise PermissionDeniedError(f"{role} may not deploy: that is for devops")


def check_may_finish(role: str, outcome: RunOutcome) -> None:
    """Raise PermissionDeniedError unless `role` may finish a run so."""
    if outcome == "open":
        raise InvalidArgumentError("outcome: deployed, refused or failed", field="outcome")
    if role not in _FINISH[outcome]:
        who = " or ".join(_FINISH[outcome])
        raise PermissionDeniedError(f"{role} may not finish a run as {outcome}: that is for {who}")
