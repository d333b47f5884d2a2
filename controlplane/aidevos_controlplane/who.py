"""Who calls a control plane service, and for which agents it may act."""

from dataclasses import dataclass

from aidevos.core.errors import PermissionDeniedError
from aidevos.doors.grpc_serving import Context, Identity
from aidevos.system.names import OPERATOR
from aidevos_controlplane.calls import traceparent

_TRUSTED = ("operator", "system")


@dataclass(frozen=True, slots=True)
class Who:
    """A caller: its principal, its role (`operator` for trusted ones), its process."""

    principal: str
    role: str
    process: str = ""

    @property
    def is_operator(self) -> bool:
        """Whether it may do what only operators may."""
        return self.role == OPERATOR

    def must_be_operator(self, what: str) -> None:
        """Raise PermissionDeniedError unless it is an operator."""
        if not self.is_operator:
            raise PermissionDeniedError(f"{self.principal} may not {what}: that is for operators")

    def must_act_for(self, agent_id: str) -> None:
        """Raise PermissionDeniedError unless it may act for this agent."""
        if not self.is_operator and agent_id.partition(".")[0] != self.role:
            raise PermissionDeniedError(
                f"{self.principal} may not act for {agent_id}: only for {self.role}"
            )


def who(identity: Identity, context: Context) -> Who:
    """Return who calls; anonymous callers are refused. Keeps the request's trace context."""
    caller = identity.caller(context)
    traceparent.set(caller.traceparent)
    if caller.principal in _TRUSTED:
        return Who(caller.principal, OPERATOR)
    kind, _, rest = caller.principal.partition(":")
    role, _, process = rest.partition(":")
    if kind != "agent" or not role:
        raise PermissionDeniedError(
            f"{caller.principal} may not use this service: bring a token of an operator or agent"
        )
    return Who(caller.principal, role, process)
