"""Which class works for which role; imported only by the process of that role."""

import importlib

from aidevos.core.errors import InvalidArgumentError
from aidevos_agents.agent.connection import Connection
from aidevos_agents.roles.base import RoleAgent

ROLES = {
    "pm": "aidevos_agents.roles.pm:ProjectManager",
    "backend": "aidevos_agents.roles.generators:Backend",
    "frontend": "aidevos_agents.roles.generators:Frontend",
    "security": "aidevos_agents.roles.generators:Security",
    "devops": "aidevos_agents.roles.devops:DevOps",
    "evaluator": "aidevos_agents.roles.evaluator:Evaluator",
}


def make_agent(role: str, connection: Connection) -> RoleAgent:
    """Return the agent of a role. Raises InvalidArgumentError with the roles that there are."""
    if role not in ROLES:
        raise InvalidArgumentError(
            f"there is no role {role!r}: take one of {', '.join(ROLES)}", field="role"
        )
    module, _, name = ROLES[role].partition(":")
    agent = getattr(importlib.import_module(module), name)(connection)
    assert isinstance(agent, RoleAgent), role
    return agent
