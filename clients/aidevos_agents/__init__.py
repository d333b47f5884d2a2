"""The agent team: framework, roles, reasoners, pipeline, spec compiler, generator, gates."""
