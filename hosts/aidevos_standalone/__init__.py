"""The composition root: host, control plane and doors in one process on one data directory."""
