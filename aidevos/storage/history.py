"""Chunks of history: the records of one stretch of one object's life, and the events in them. Pure.

Each names the one before it; the newest is named by the shard's index. So a chunk is written once,
behind others, and found without a table of names.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from aidevos.core.ids import ObjectId
from aidevos.storage.base import HistoryChunk, HistoryEvent, HistoryRecord

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[HistoryRecord])


def chunk_of(object: ObjectId, records: Sequence[HistoryRecord], before: int = 0) -> HistoryChunk:
    """Return one chunk of records that follow each other, and those in the chunk at `before`."""
    last = records[-1]
    return HistoryChunk(
        object,
        records[0].first_seq,
        last.first_seq + len(last.events) - 1,
        _encoder.encode(records),
        before,
    )


def decode_chunk(raw: bytes) -> list[HistoryRecord]:
    """Return the records of a chunk."""
    return _decoder.decode(raw)


def events_after(records: Iterable[HistoryRecord], after: int) -> Iterator[HistoryEvent]:
    """Yield each event with sequence > `after` once, from chunks in the order of their ends."""
    for record in records:
        for sequence, event in enumerate(record.events, record.first_seq):
            if sequence <= after:
                continue
            after = sequence
            yield HistoryEvent(
                sequence=sequence,
                type=event.type,
                type_version=event.version,
                body=event.body,
                time_ms=record.time_ms,
                principal=record.principal,
                method=record.method,
                request_id=record.request_id,
            )
