"""Benchmarks: one file per claim, each with a baseline in the same run. `make bench` runs all."""
