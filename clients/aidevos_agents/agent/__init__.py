"""The agent framework: subclass `BaseAgent`, run it against a server with `serve_agent`."""

from aidevos_agents.agent.base import BaseAgent
from aidevos_agents.agent.message import Attachment, Message, Outcome, Task
from aidevos_agents.agent.serve import serve_agent

__all__ = ["Attachment", "BaseAgent", "Message", "Outcome", "Task", "serve_agent"]
