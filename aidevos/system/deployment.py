"""Deployment: the versions of one app. Intent first, then the effect, then its result.

Installing is an effect on the outside, so it never runs in a turn: an intent without a result is
what the deployer finishes after a crash.
"""

from typing import Any, Literal

import msgspec

from aidevos.core.errors import FailedPreconditionError, NotFoundError
from aidevos.objects import DurableObject, Event, apply, command, schema
from aidevos.system.names import TEXT_MAX, check_sha256, to_ms

VERSIONS_KEPT = 20
"""Newest versions in the state, besides the current one; all are in the history."""

VersionState = Literal["intended", "installed", "failed"]


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One version of the app."""

    number: int
    tree: str
    spec: str
    run_id: str
    evidence: tuple[str, ...]
    state: VersionState = "intended"
    reason: str = ""
    summary: dict[str, Any] = {}
    intended_ms: int = 0
    ended_ms: int = 0


class Intended(Event):
    """The version shall be installed."""

    version: Version


class Installed(Event):
    """The version serves from now on."""

    number: int
    summary: dict[str, Any]
    time_ms: int


class InstallFailed(Event):
    """The version could not be installed; the one before serves on."""

    number: int
    reason: str
    time_ms: int


class Deployment(DurableObject):
    """One app; its key is the app's name."""

    class State(schema.State):
        """`spec` (of the current version) finds what a spec was deployed as."""

        current: Version | None = None
        versions: tuple[Version, ...] = ()
        """Newest last."""
        count: int = 0
        pending: int = 0
        """Number of the version whose result is not known; 0 if there is none."""
        spec: str = ""

    state: State
    indexed = ("pending", "spec")

    @command
    def intend(self, run_id: str, tree: str, spec: str, evidence: tuple[str, ...]) -> Version:
        """Record the intent to install `tree`; a repeat, or the current tree, gives its version."""
        check_sha256(tree, "tree")
        current = self.state.current
        if self.state.pending:
            pending = self._version(self.state.pending)
            if (pending.run_id, pending.tree) != (run_id, tree):
                raise FailedPreconditionError(
                    f"version {pending.number} is being installed: try again later",
                    retry_after_ms=1_000,
                )
            return pending
        if current is not None and current.tree == tree:
            return current
        version = Version(
            number=self.state.count + 1,
            tree=tree,
            spec=spec,
            run_id=run_id,
            evidence=evidence,
            intended_ms=to_ms(self.now),
        )
        self.emit(Intended(version))
        return version

    @command
    def installed(self, number: int, summary: dict[str, Any]) -> None:
        """Record that the pending version serves; a repeat changes nothing."""
        if self.state.pending == number:
            self.emit(Installed(number, summary, to_ms(self.now)))

    @command
    def failed(self, number: int, reason: str) -> None:
        """Record why the pending version could not be installed; a repeat changes nothing."""
        if self.state.pending == number:
            self.emit(InstallFailed(number, reason[:TEXT_MAX], to_ms(self.now)))

    def _version(self, number: int) -> Version:
        for version in self.state.versions:
            if version.number == number:
                return version
        raise NotFoundError(f"{self.ref} has no version {number}", field="version")

    @apply
    def _intended(self, event: Intended) -> None:
        self.state.versions = (*self.state.versions, event.version)[-VERSIONS_KEPT:]
        self.state.count = event.version.number
        self.state.pending = event.version.number

    @apply
    def _installed(self, event: Installed) -> None:
        done = self._ended(event.number, "installed", event.time_ms, summary=event.summary)
        self.state.current = done
        self.state.spec = done.spec

    @apply
    def _failed(self, event: InstallFailed) -> None:
        self._ended(event.number, "failed", event.time_ms, reason=event.reason)

    def _ended(self, number: int, state: VersionState, time_ms: int, **more: Any) -> Version:
        done = msgspec.structs.replace(self._version(number), state=state, ended_ms=time_ms, **more)
        self.state.versions = tuple(
            done if version.number == number else version for version in self.state.versions
        )
        self.state.pending = 0
        return done
