"""The pure core: inputs in, ordered effects out. No clock, chance, I/O or logging (ADR-0003)."""
