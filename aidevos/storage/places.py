"""Where the untrimmed rows of one shard are in the file: rowids by offset, in eight bytes each."""

from array import array


class Places:
    """Offsets follow each other; a missing one has rowid 0."""

    def __init__(self) -> None:
        """Begin empty."""
        self._first = 0
        self._ids = array("q")

    def __len__(self) -> int:
        return len(self._ids)

    def put(self, offset: int, row_id: int) -> None:
        """Take one more row, mostly the next."""
        if not self._ids:
            self._first = offset
        if offset < self._first:
            self._ids = array("q", [0] * (self._first - offset)) + self._ids
            self._first = offset
        place = offset - self._first
        if place >= len(self._ids):
            self._ids.extend([0] * (place + 1 - len(self._ids)))
        self._ids[place] = row_id

    def between(self, start: int, end: int) -> list[int]:
        """Return the rowids of the rows at [start, end) that are there."""
        begin = max(0, start - self._first)
        return [row_id for row_id in self._ids[begin : max(0, end - self._first)] if row_id]

    def drop(self, before: int, most: int) -> list[int]:
        """Forget at most `most` rows below `before`, the first ones; return their rowids."""
        gone: list[int] = []
        count, end = 0, min(len(self._ids), max(0, before - self._first))
        while count < end and len(gone) < most:
            if self._ids[count]:
                gone.append(self._ids[count])
            count += 1
        del self._ids[:count]
        self._first += count
        return gone
