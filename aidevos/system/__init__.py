"""Durable objects of the system itself: conversation, agent, run, artifact, deployment."""
