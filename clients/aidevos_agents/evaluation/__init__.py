"""The evaluator's work: a candidate in a process of its own, judged by gates from outside."""

from aidevos_agents.evaluation.judge import judge

__all__ = ["judge"]
