"""The team: pm, backend, frontend, security, devops, evaluator. A role is one module here.

A role imports what is heavy only when its process runs: `aidevos_agents.roles.table` names them.
"""
