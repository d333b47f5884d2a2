"""From an app model to a bundle: code, pages, policy and manifest. Templates, no model of words.

Each agent's part is one function; `devops` puts the parts together. The same model gives the same
bytes, and one field more in the model adds lines and moves none.
"""

from aidevos_agents.generate.backend import backend
from aidevos_agents.generate.devops import OverlapError, devops
from aidevos_agents.generate.files import Files
from aidevos_agents.generate.frontend import frontend
from aidevos_agents.generate.policy import security

__all__ = ["Files", "OverlapError", "backend", "devops", "frontend", "security"]
