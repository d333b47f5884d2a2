"""Many chunks of history in one row of a file, each found by the row and where it begins. Pure."""

from collections.abc import Sequence

from aidevos.core import codec
from aidevos.storage.base import HistoryChunk

CHUNKS_MAX, BYTES_MAX = 32, 1 << 16
"""Of one block; a larger chunk has one for itself."""
OFFSET_BITS = 20


def blocks_of(chunks: Sequence[HistoryChunk]) -> tuple[list[bytes], list[tuple[int, int]]]:
    """Return the bodies of blocks, and for each chunk (number of its block, where it begins)."""
    bodies: list[bytes] = []
    places: list[tuple[int, int]] = []
    parts: list[bytes] = []
    size = 0
    for chunk in chunks:
        raw = codec.encode(chunk)
        if parts and (len(parts) >= CHUNKS_MAX or size >= BYTES_MAX):
            bodies.append(b"".join(parts))
            parts, size = [], 0
        places.append((len(bodies), size))
        parts.append(len(raw).to_bytes(4, "little") + raw)
        size += 4 + len(raw)
    return [*bodies, b"".join(parts)] if parts else bodies, places


def place_of(row_id: int, begin: int) -> int:
    """Return both as one number."""
    assert begin < 1 << OFFSET_BITS, begin
    return row_id << OFFSET_BITS | begin


def row_of(place: int) -> tuple[int, int]:
    """Return (row id, where the chunk begins)."""
    return place >> OFFSET_BITS, place & (1 << OFFSET_BITS) - 1


def chunk_at(body: bytes, begin: int) -> HistoryChunk:
    """Return the chunk that begins there."""
    size = int.from_bytes(body[begin : begin + 4], "little")
    return codec.decode(body[begin + 4 : begin + 4 + size], HistoryChunk)
