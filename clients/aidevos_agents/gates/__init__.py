"""The gates: a candidate is judged from outside, by the app model and never by its own code."""

from aidevos_agents.gates.candidate import Candidate, Reply
from aidevos_agents.gates.report import GateReport
from aidevos_agents.gates.run import run_gates

__all__ = ["Candidate", "GateReport", "Reply", "run_gates"]
