"""Stages of a run: their states, their events, and what a record of one comes to. Pure."""

from typing import Any

import msgspec

from aidevos.core import codec
from aidevos.core.errors import FailedPreconditionError, InvalidArgumentError
from aidevos.objects import Event
from aidevos.system.names import (
    CONTENT_BYTES_MAX,
    LIST_MAX,
    check_bound,
    check_part,
    check_sha256,
)
from aidevos.system.run_rules import ATTEMPTS_MAX, PARTS_MAX, STAGES, Outcome, Stage


class PartState(msgspec.Struct, frozen=True):
    """One part of the current attempt."""

    outcome: Outcome
    begun_ms: int
    ended_ms: int = 0


class StageState(msgspec.Struct, frozen=True):
    """One stage: its current attempt. `outcome` is empty if a stage before began again."""

    outcome: Outcome | None = None
    attempt: int = 0
    begun_ms: int = 0
    ended_ms: int = 0
    tree: str = ""
    evidence: tuple[str, ...] = ()
    details: dict[str, Any] = {}
    parts: dict[str, PartState] = {}


class Record(msgspec.Struct, frozen=True):
    """What a caller wants to record. `attempt` 0 is the current one, or the next to begin."""

    stage: Stage
    outcome: Outcome
    part: str = ""
    details: dict[str, Any] = {}
    evidence: tuple[str, ...] = ()
    tree: str = ""
    attempt: int = 0

    def check(self) -> None:
        """Raise InvalidArgumentError naming the first wrong field."""
        if self.part:
            check_part(self.part, "part")
        check_bound(len(codec.to_json(self.details)), CONTENT_BYTES_MAX, "details")
        check_bound(len(self.evidence), LIST_MAX, "evidence", "entries")
        for sha256 in self.evidence:
            check_sha256(sha256, "evidence")
        if self.tree:
            check_sha256(self.tree, "tree")
        self._check_proof()

    def _check_proof(self) -> None:
        proves = self.stage == "test" and self.outcome == "ok" and not self.part
        if proves and not (self.tree and self.evidence):
            raise InvalidArgumentError(
                "a test that ended ok names the tree that was tested and its evidence",
                field="evidence" if self.tree else "tree",
            )


class StageBegun(Event):
    """An attempt of a stage began; later stages are void."""

    stage: Stage
    attempt: int
    time_ms: int


class StageEnded(Event):
    """The attempt ended."""

    stage: Stage
    attempt: int
    outcome: Outcome
    seconds: float
    time_ms: int
    tree: str
    evidence: tuple[str, ...]
    details: dict[str, Any]


class PartBegun(Event):
    """A part of the attempt began."""

    stage: Stage
    attempt: int
    part: str
    time_ms: int


class PartEnded(Event):
    """A part of the attempt ended."""

    stage: Stage
    attempt: int
    part: str
    outcome: Outcome
    seconds: float
    time_ms: int
    tree: str
    evidence: tuple[str, ...]
    details: dict[str, Any]


StageEvent = StageBegun | StageEnded | PartBegun | PartEnded


def decide(held: dict[Stage, StageState], what: Record, now_ms: int) -> StageEvent | None:
    """Return the event that `what` comes to, None for a repeat, or raise FailedPrecondition."""
    stage = held.get(what.stage, StageState())
    if what.part:
        return _decide_part(stage, what, now_ms)
    if what.outcome == "running":
        return _decide_begin(held, stage, what, now_ms)
    if stage.outcome == what.outcome and what.attempt in (0, stage.attempt):
        return None
    _check_running(stage, what)
    return StageEnded(
        what.stage,
        stage.attempt,
        what.outcome,
        (now_ms - stage.begun_ms) / 1_000,
        now_ms,
        what.tree,
        what.evidence,
        what.details,
    )


def _decide_begin(
    held: dict[Stage, StageState], stage: StageState, what: Record, now_ms: int
) -> StageBegun | None:
    if stage.outcome == "running" and what.attempt in (0, stage.attempt):
        return None
    if stage.outcome is not None and what.attempt == stage.attempt:
        return None  # A late repeat: that attempt began, and has ended since.
    index = STAGES.index(what.stage)
    before = held.get(STAGES[index - 1], StageState()) if index else None
    if before is not None and before.outcome != "ok":
        raise FailedPreconditionError(f"{what.stage} begins when {STAGES[index - 1]} ended ok")
    if what.attempt not in (0, stage.attempt + 1):
        raise FailedPreconditionError(
            f"the next attempt of {what.stage} is {stage.attempt + 1}, not {what.attempt}"
        )
    if stage.attempt >= ATTEMPTS_MAX:
        raise FailedPreconditionError(f"{what.stage} was tried {ATTEMPTS_MAX} times: give up")
    return StageBegun(what.stage, stage.attempt + 1, now_ms)


def _decide_part(stage: StageState, what: Record, now_ms: int) -> PartBegun | PartEnded | None:
    part = stage.parts.get(what.part)
    if part is not None and (what.outcome in ("running", part.outcome)):
        return None
    _check_running(stage, what)
    if what.outcome == "running":
        if len(stage.parts) >= PARTS_MAX:
            raise FailedPreconditionError(f"a stage has at most {PARTS_MAX} parts")
        return PartBegun(what.stage, stage.attempt, what.part, now_ms)
    if part is None or part.outcome != "running":
        raise FailedPreconditionError(f"the part {what.part} of {what.stage} is not running")
    return PartEnded(
        what.stage,
        stage.attempt,
        what.part,
        what.outcome,
        (now_ms - part.begun_ms) / 1_000,
        now_ms,
        what.tree,
        what.evidence,
        what.details,
    )


def _check_running(stage: StageState, what: Record) -> None:
    if stage.outcome != "running" or what.attempt not in (0, stage.attempt):
        is_now = f"attempt {stage.attempt} is {stage.outcome or 'not begun'}"
        raise FailedPreconditionError(f"{what.stage} is not running in that attempt: {is_now}")


# ---- folding -------------------------------------------------------------------------------


def begin(held: dict[Stage, StageState], event: StageBegun) -> None:
    """Fold the begin of a stage: later stages keep only how often they were tried."""
    held[event.stage] = StageState("running", event.attempt, event.time_ms)
    for later in STAGES[STAGES.index(event.stage) + 1 :]:
        if later in held:
            held[later] = StageState(attempt=held[later].attempt)


def end(held: dict[Stage, StageState], event: StageEnded) -> None:
    """Fold the end of a stage."""
    held[event.stage] = msgspec.structs.replace(
        held[event.stage],
        outcome=event.outcome,
        ended_ms=event.time_ms,
        tree=event.tree,
        evidence=event.evidence,
        details=event.details,
    )


def begin_part(held: dict[Stage, StageState], event: PartBegun) -> None:
    """Fold the begin of a part."""
    _put_part(held, event.stage, event.part, PartState("running", event.time_ms))


def end_part(held: dict[Stage, StageState], event: PartEnded) -> None:
    """Fold the end of a part."""
    begun = held[event.stage].parts[event.part].begun_ms
    part = PartState(event.outcome, begun, event.time_ms)
    _put_part(held, event.stage, event.part, part)


def _put_part(held: dict[Stage, StageState], stage: Stage, name: str, part: PartState) -> None:
    parts = {**held[stage].parts, name: part}
    held[stage] = msgspec.structs.replace(held[stage], parts=parts)
