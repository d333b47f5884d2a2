"""The proof of a back end: subclass `StoreConformance`, provide two methods, inherit every test.

A back end is done when this passes (ADR-0006). The tests are plain coroutines with asserts; run
them with pytest and pytest-asyncio in auto mode.
"""

from aidevos.storage.conformance.appends import AppendCases
from aidevos.storage.conformance.blobs import BlobCases
from aidevos.storage.conformance.headers import HeaderCases
from aidevos.storage.conformance.logs import LogCases
from aidevos.storage.conformance.takeovers import TakeoverCases


class StoreConformance(HeaderCases, AppendCases, BlobCases, LogCases, TakeoverCases):
    """All cases. Provide `open_store` and `reopen` (conformance/kit.py)."""


__all__ = ["StoreConformance"]
