"""All types of the system: one trusted service, run in the host's own process."""

from aidevos.objects import DurableObject
from aidevos.system.agent import Agent, AgentState
from aidevos.system.artifact import Artifact
from aidevos.system.contracts import TypedContract
from aidevos.system.conversation import Conversation
from aidevos.system.deployment import Deployment
from aidevos.system.inbox import Inbox
from aidevos.system.journal import ReasonerCall
from aidevos.system.message import AgentMessage
from aidevos.system.run import Run

SERVICE = "system"
"""Name of the service; it belongs to the tenant `system`, and no grant opens it to others."""

SYSTEM_TYPES: tuple[type[DurableObject], ...] = (
    Agent,
    AgentMessage,
    AgentState,
    Artifact,
    Conversation,
    Deployment,
    Inbox,
    ReasonerCall,
    Run,
    TypedContract,
)
