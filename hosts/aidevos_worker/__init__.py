"""The worker: runs user and generated types in a process of its own, jailed or plain."""
