"""Agent: who works for an agent's name now, and the states that it saved.

Several processes compete for one agent; one holds its lease. The lease saves double work and
proves nothing: the epoch, which grows with every change of holder, fences off the one before.
"""

from typing import Any

import msgspec

from aidevos.core import codec
from aidevos.core.errors import FailedPreconditionError, InvalidArgumentError, NotFoundError
from aidevos.objects import DurableObject, Event, apply, command, query, schema
from aidevos.system.names import CONTENT_BYTES_MAX, LIST_MAX, check_bound, check_name, to_ms

LEASE_MS = 15_000
"""How long a grant lasts unless renewed; a process that died is noticed at once anyway."""


class Granted(Event):
    """A process got the lease, or renewed it (the same epoch)."""

    process: str
    epoch: int
    until_ms: int


class Registered(Event):
    """The agent was registered, or says anew what it can do."""

    agent_id: str
    role: str
    capabilities: tuple[str, ...]
    time_ms: int


class Released(Event):
    """The lease was given back."""

    epoch: int


class Saved(Event):
    """A state was saved; it replaces the one before."""

    state_id: str
    value: dict[str, Any]
    time_ms: int


class Grant(msgspec.Struct, frozen=True):
    """The answer to a registration."""

    epoch: int
    lease_ms: int


class SavedState(msgspec.Struct, frozen=True):
    """A saved state; `version` counts those of its name."""

    value: dict[str, Any]
    version: int
    time_ms: int


class AgentState(DurableObject):
    """One saved state of an agent, under its name."""

    class State(schema.State):
        """The newest value."""

        saved: SavedState = SavedState({}, 0, 0)

    state: State

    def save(self, state_id: str, value: dict[str, Any]) -> SavedState:
        """Keep a value. Called by the agent, in the same turn."""
        self.emit(Saved(state_id, value, to_ms(self.now)))
        return self.state.saved

    @apply
    def _saved(self, event: Saved) -> None:
        self.state.saved = SavedState(event.value, self.state.saved.version + 1, event.time_ms)


class Agent(DurableObject):
    """One agent."""

    class State(schema.State):
        """Who it is, and its lease; `until_ms` is 0 after a release."""

        agent_id: str = ""
        role: str = ""
        capabilities: tuple[str, ...] = ()
        process: str = ""
        epoch: int = 0
        until_ms: int = 0
        registered_ms: int = 0

    state: State
    indexed = ("role",)

    @command
    def register(
        self, agent_id: str, role: str, capabilities: tuple[str, ...], process: str
    ) -> Grant:
        """Give the lease to `process`, or renew it; refused while another process holds it."""
        self._check(role, capabilities, process)
        now = to_ms(self.now)
        held = self.state.until_ms > now
        if held and self.state.process != process:
            raise FailedPreconditionError(
                f"{agent_id} is worked for by {self.state.process}; try again later",
                retry_after_ms=self.state.until_ms - now,
            )
        if (role, capabilities) != (self.state.role, self.state.capabilities):
            self.emit(Registered(agent_id, role, capabilities, self.state.registered_ms or now))
        epoch = self.state.epoch + (not held)
        self.emit(Granted(process, epoch, now + LEASE_MS))
        return Grant(epoch, LEASE_MS)

    @command
    def release(self, epoch: int) -> None:
        """End the lease of `epoch`; one that is gone already is no error."""
        if self.state.until_ms and epoch == self.state.epoch:
            self.emit(Released(epoch))

    @command
    def release_process(self, process: str) -> None:
        """End the lease of a process that is known to be dead."""
        if self.state.until_ms and process == self.state.process:
            self.emit(Released(self.state.epoch))

    @command
    def save_state(self, epoch: int, state_id: str, value: dict[str, Any]) -> int:
        """Keep a state under its name; return how many were saved under it."""
        self._check_epoch(epoch)
        check_name(state_id, "state_id")
        check_bound(len(codec.to_json(value)), CONTENT_BYTES_MAX, "state")
        key = self.group.key(f"state/{state_id}")
        kept = self.group.find(AgentState, key) or self.group.create(AgentState, key)
        return kept.save(state_id, value).version

    @query
    def load_state(self, state_id: str) -> SavedState:
        """Return the newest state of that name; NotFoundError if there is none."""
        check_name(state_id, "state_id")
        kept = self.group.find(AgentState, self.group.key(f"state/{state_id}"))
        if kept is None:
            raise NotFoundError(f"no state {state_id} was saved", field="state_id")
        return kept.state.saved

    @query
    def check_lease(self, epoch: int) -> None:
        """Refuse an epoch that is not the current one."""
        self._check_epoch(epoch)

    def _check_epoch(self, epoch: int) -> None:
        if not self.state.epoch:
            raise FailedPreconditionError("the agent is not registered: call RegisterAgent first")
        if epoch != self.state.epoch:
            raise FailedPreconditionError(
                f"the agent's epoch is {self.state.epoch}, yours is {epoch}: register again or end",
                epoch=self.state.epoch,
            )

    def _check(self, role: str, capabilities: tuple[str, ...], process: str) -> None:
        check_bound(len(capabilities), LIST_MAX, "capabilities", "entries")
        if any(len(capability) > 128 for capability in capabilities):
            raise InvalidArgumentError("capabilities: 128 characters each", field="capabilities")
        if not 1 <= len(process) <= 128:
            raise InvalidArgumentError("process_id: 1 to 128 characters", field="process_id")
        if self.state.role not in ("", role):
            raise FailedPreconditionError(f"this agent's role is {self.state.role}, not {role}")

    @apply
    def _registered(self, event: Registered) -> None:
        self.state.agent_id = event.agent_id
        self.state.role = event.role
        self.state.capabilities = event.capabilities
        self.state.registered_ms = event.time_ms

    @apply
    def _granted(self, event: Granted) -> None:
        self.state.process = event.process
        self.state.epoch = event.epoch
        self.state.until_ms = event.until_ms

    @apply
    def _released(self, event: Released) -> None:
        self.state.until_ms = 0
