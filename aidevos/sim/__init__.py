"""The deterministic world: clock, disk, faults, checkers. It knows the ports, no server."""
