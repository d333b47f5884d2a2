"""One batch of a shard, which fills while another is in flight. Pure.

It takes records until it is full (PROTOCOL.md section 4: 1 MiB, 2,000 records); its answers leave
when it is committed.
"""

import msgspec

from aidevos.core.gate import Released
from aidevos.core.pending import Pending
from aidevos.core.record import BATCH_BYTES_MAX, BATCH_RECORDS_MAX, Record


class OpenBatch:
    """Records, their encoded form, and the calls that caused them, in one order."""

    __slots__ = ("bodies", "calls", "joined", "made", "records", "size", "wanted")

    def __init__(self) -> None:
        """Begin empty."""
        self.records: list[Record] = []
        self.bodies: list[msgspec.Raw] = []
        self.calls: list[Pending] = []
        self.joined: list[Released] = []
        """Copies of calls that leave with it."""
        self.made = 0
        """Objects that these records begin."""
        self.size = 8
        self.wanted = False
        """True when it must be written even without records (log_time, checkpoint)."""

    def takes(self, raw: msgspec.Raw) -> bool:
        """Whether one more record still fits into one row."""
        return len(self.records) < BATCH_RECORDS_MAX and self.size + len(raw) <= BATCH_BYTES_MAX

    def add(self, call: Pending, record: Record, raw: msgspec.Raw) -> None:
        """Put one record at the end."""
        self.records.append(record)
        self.bodies.append(raw)
        self.calls.append(call)
        self.size += len(raw)

    def answers(self) -> list[Released]:
        """Return what leaves when it is committed."""
        own = [(call.sink, call.number, call.value) for call in self.calls]
        return own + self.joined if self.joined else own
