"""Reasoners: what an agent asks when it has to think, and the journal that remembers answers."""
