"""For tests, users' and ours: a whole cluster in one process."""
