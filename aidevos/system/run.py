"""Run: from a spec to a deployed service, stage by stage, with its reasons and its evidence.

The run measures: times are its turns' own, the tree that may be deployed is the one that the
evaluator passed, and who may say what is checked here, whichever door the call came through.
"""

import msgspec

from aidevos.core.errors import FailedPreconditionError, InvalidArgumentError, NotFoundError
from aidevos.objects import DurableObject, Event, apply, command, schema
from aidevos.system import stages
from aidevos.system.journal import Begin, Begun, End, Entry, ReasonerCall
from aidevos.system.names import call_key, check_sha256, to_ms
from aidevos.system.run_rules import (
    RunOutcome,
    Stage,
    check_may_deploy,
    check_may_finish,
    check_may_record,
)
from aidevos.system.stages import PartBegun, PartEnded, Record, StageBegun, StageEnded, StageState

REASONS_MAX = 1_000


class Reason(msgspec.Struct, frozen=True):
    """Why a run was refused or failed: the spec's line (0: none), what, and what to do."""

    line: int
    what: str
    do: str


class RunStart(msgspec.Struct, frozen=True):
    """What a run begins with: the spec's hash and names for people."""

    run_id: str
    spec: str
    spec_name: str
    name: str
    request_id: str


class Started(Event):
    """The run was started."""

    start: RunStart
    time_ms: int


class DeployAsked(Event):
    """The tree that the evaluator passed was given to the deployer, under the app's name."""

    app: str
    tree: str
    time_ms: int


class Deployed(Event):
    """The deployer installed this run's tree as `version` of the app."""

    app: str
    version: int
    time_ms: int


class Finished(Event):
    """The run ended; nothing more can be recorded."""

    outcome: RunOutcome
    reasons: tuple[Reason, ...]
    time_ms: int


class Asked(msgspec.Struct, frozen=True):
    """What the deployer needs of the run."""

    spec: str
    tree: str
    evidence: tuple[str, ...]


class Run(DurableObject):
    """One run."""

    class State(schema.State):
        """`open` and `spec` find runs; `passed` is the tree that the evaluator passed."""

        start: RunStart = RunStart("", "", "", "", "")
        open: bool = False
        spec: str = ""
        outcome: RunOutcome = "open"
        reasons: tuple[Reason, ...] = ()
        stages: dict[Stage, StageState] = msgspec.field(default_factory=dict)
        passed: str = ""
        asked: str = ""
        name: str = ""
        version: int = 0
        started_ms: int = 0
        finished_ms: int = 0

    state: State
    indexed = ("open", "spec")

    # ---- beginning and end -----------------------------------------------------------------

    def begin(self, start: RunStart) -> None:
        """Begin. Called by the run's conversation, in the turn that sends the first message."""
        check_sha256(start.spec, "spec")
        self.emit(Started(start, to_ms(self.now)))

    @command
    def finish(self, role: str, outcome: RunOutcome, reasons: tuple[Reason, ...] = ()) -> State:
        """End the run as `role` says; a repeat changes nothing."""
        check_may_finish(role, outcome)
        self._check_there()
        if outcome == self.state.outcome or (outcome == "cancelled" and not self.state.open):
            return self.state
        self._check_open()
        if outcome == "deployed" and not self.state.version:
            raise FailedPreconditionError("this run deployed nothing: call Deploy first")
        if outcome in ("refused", "failed") and not 1 <= len(reasons) <= REASONS_MAX:
            raise InvalidArgumentError(f"reasons: 1 to {REASONS_MAX}", field="reasons")
        self.end(outcome, reasons)
        return self.state

    def end(self, outcome: RunOutcome, reasons: tuple[Reason, ...]) -> None:
        """End an open run. Called by `finish`, and by an inbox that gave a message up."""
        self.emit(Finished(outcome, reasons, to_ms(self.now)))

    # ---- stages ----------------------------------------------------------------------------

    @command
    def record(self, role: str, what: Record) -> StageState:
        """Record that a stage, or a part of it, began or ended; a repeat changes nothing."""
        check_may_record(role, what.stage, what.part)
        self._check_there()
        what.check()
        event = stages.decide(self.state.stages, what, to_ms(self.now))
        if event is not None:
            self._check_open()
            self.emit(event)
        return self.state.stages[what.stage]

    # ---- journal ---------------------------------------------------------------------------

    @command
    def begin_call(self, role: str, begin: Begin) -> Begun:
        """Journal a reasoner call of `role` before it is made, and say whether to make it.

        Entries are apart by role: nobody can answer for another.
        """
        self._check_there()
        key = self.group.key(call_key(begin.task_id, begin.name, role))
        found = self.group.find(ReasonerCall, key)
        if found is None:
            self._check_open()
            return self.group.create(ReasonerCall, key).begin(begin)
        if found.state.entry.result is None:
            self._check_open()
        return found.begin_again(begin)

    @command
    def end_call(self, role: str, end: End) -> Entry:
        """Journal a result of `role`; the first one stays."""
        self._check_there()
        key = self.group.key(call_key(end.task_id, end.name, role))
        return self.group.get(ReasonerCall, key).end(end)

    # ---- deployment ------------------------------------------------------------------------

    @command
    def ask_deploy(self, role: str, app: str, tree: str, evidence: tuple[str, ...]) -> Asked:
        """Let the deployer have the tree, if it is the one that the evaluator passed."""
        check_may_deploy(role)
        self._check_there()
        test = self.state.stages.get("test")
        if test is None or not self.state.passed or self.state.passed != tree:
            raise FailedPreconditionError(
                "the evaluator has not passed this tree in this run: only a tree whose test stage "
                "ended ok is deployed"
            )
        if not evidence or not set(evidence) <= set(test.evidence):
            raise FailedPreconditionError(
                "evidence: give hashes that the evaluator recorded with the test stage"
            )
        if self.state.asked != tree:
            self._check_open()
            self.emit(DeployAsked(app, tree, to_ms(self.now)))
        return Asked(self.state.spec, tree, evidence)

    @command
    def deployed(self, app: str, version: int) -> None:
        """Take the deployer's result; a repeat changes nothing."""
        self._check_there()
        if self.state.open and self.state.version != version:
            self.emit(Deployed(app, version, to_ms(self.now)))

    # ---- inside ----------------------------------------------------------------------------

    def _check_there(self) -> None:
        if not self.state.started_ms:
            raise NotFoundError(f"there is no run {self.ref.group.name}", field="run_id")

    def _check_open(self) -> None:
        if not self.state.open:
            raise FailedPreconditionError(
                f"the run is finished ({self.state.outcome}): nothing more can be recorded",
                outcome=self.state.outcome,
            )

    @apply
    def _started(self, event: Started) -> None:
        self.state.start = event.start
        self.state.open = True
        self.state.spec = event.start.spec
        self.state.name = event.start.name
        self.state.started_ms = event.time_ms

    @apply
    def _finished(self, event: Finished) -> None:
        self.state.open = False
        self.state.outcome = event.outcome
        self.state.reasons = event.reasons
        self.state.finished_ms = event.time_ms

    @apply
    def _stage_begun(self, event: StageBegun) -> None:
        stages.begin(self.state.stages, event)
        if event.stage != "deploy":
            self.state.passed = ""

    @apply
    def _stage_ended(self, event: StageEnded) -> None:
        stages.end(self.state.stages, event)
        if event.stage == "test" and event.outcome == "ok":
            self.state.passed = event.tree

    @apply
    def _part_begun(self, event: PartBegun) -> None:
        stages.begin_part(self.state.stages, event)

    @apply
    def _part_ended(self, event: PartEnded) -> None:
        stages.end_part(self.state.stages, event)

    @apply
    def _deploy_asked(self, event: DeployAsked) -> None:
        self.state.asked = event.tree
        self.state.name = event.app

    @apply
    def _deployed(self, event: Deployed) -> None:
        self.state.version = event.version
