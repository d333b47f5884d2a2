"""The proof of a registry: subclass `RegistryConformance`, provide two methods, inherit all tests.

A registry is done when this passes. The tests are plain coroutines with asserts; run them with
pytest and pytest-asyncio in auto mode.
"""

from aidevos.registry.conformance.changes import ChangeCases
from aidevos.registry.conformance.leases import LeaseCases
from aidevos.registry.conformance.registrations import RegistrationCases


class RegistryConformance(RegistrationCases, LeaseCases, ChangeCases):
    """All cases. Provide `open_registry` and `advance` (conformance/kit.py)."""


__all__ = ["RegistryConformance"]
