"""Membership, placement hints and services, behind one contract."""
