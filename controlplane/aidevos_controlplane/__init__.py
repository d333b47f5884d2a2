"""Agents' mail, runs, registry and deployer: gRPC services over system objects."""
