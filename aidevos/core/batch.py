"""One batch of a shard, which fills while another is in flight. Pure.

It takes records until it is full (PROTOCOL.md section 4: 1 MiB, 2,000 records); its answers leave
when it is committed.
"""

import msgspec

from aidevos.core.burst import Burst
from aidevos.core.gate import Released
from aidevos.core.pending import Pending
from aidevos.core.record import BATCH_BYTES_MAX, BATCH_RECORDS_MAX, BurstRecord, Record, Recorded


class OpenBatch:
    """Records, their encoded form, and the calls that caused them."""

    __slots__ = (
        "bodies",
        "bursts",
        "calls",
        "count",
        "joined",
        "made",
        "records",
        "size",
        "wanted",
    )

    def __init__(self) -> None:
        """Begin empty."""
        self.records: list[Recorded] = []
        self.bodies: list[msgspec.Raw] = []
        """The records encoded, in the same order."""
        self.calls: list[Pending] = []
        self.bursts: list[Burst] = []
        self.joined: list[Released] = []
        """Copies of calls that leave with it."""
        self.count = 0
        """Turns in its records."""
        self.made = 0
        """Objects that these records begin."""
        self.size = 8
        self.wanted = False
        """True when it must be written even without records (log_time, checkpoint)."""

    def takes(self, raw: msgspec.Raw, count: int) -> bool:
        """Whether a record of `count` turns still fits into one row."""
        return self.count + count <= BATCH_RECORDS_MAX and self.size + len(raw) <= BATCH_BYTES_MAX

    def add(self, call: Pending, record: Record, raw: msgspec.Raw) -> None:
        """Put one record at the end."""
        self.calls.append(call)
        self._put(record, raw, 1)

    def add_burst(self, burst: Burst, record: BurstRecord, raw: msgspec.Raw) -> None:
        """Put the record of a burst at the end."""
        self.bursts.append(burst)
        self._put(record, raw, len(burst))

    def _put(self, record: Recorded, raw: msgspec.Raw, count: int) -> None:
        self.records.append(record)
        self.bodies.append(raw)
        self.count += count
        self.size += len(raw)

    def answers(self) -> list[Released]:
        """Return what leaves when it is committed, besides its bursts."""
        own = [(call.sink, call.number, call.value) for call in self.calls]
        return own + self.joined if self.joined else own

    def everyone(self) -> list[Released]:
        """Return all answers that it carries, one by one."""
        return self.answers() + [one for burst in self.bursts for one in burst.answers()]
