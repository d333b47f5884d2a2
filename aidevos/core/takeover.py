"""Takeover of a shard: fence first, read after (PROTOCOL.md section 3).

A sans-I/O machine written as a generator: it yields statements and is sent their answers.
Needs no clock, lease or honest hint. Won means that a serial read shows *this* epoch with
*this* nonce; anything else starts again.
"""

from collections.abc import Generator, Iterator

from aidevos.core.ask import ask
from aidevos.core.chain import GENESIS, check_rows
from aidevos.core.checkpoint_io import read_checkpoint
from aidevos.core.errors import DataLossError
from aidevos.core.fence import Fence, Opened
from aidevos.core.record import Header, Row
from aidevos.core.statements import (
    CreateHeader,
    Pause,
    ReadHeader,
    ReadHint,
    ReadRows,
    Statement,
    TakeHeader,
)

PAGE_ROWS = 512
Machine = Generator[Statement | Pause, object, Opened]


def takeover(shard: int, owner: str, nonces: Iterator[str]) -> Machine:
    """Return the machine that wins `shard` for `owner`; a nonce is drawn for each attempt."""
    attempt = 0
    while True:
        segment, header = yield from _last_header(shard)
        nonce = next(nonces)
        won = yield from _claim(shard, segment, header, owner, nonce)
        if won is not None:
            opened = yield from _read_unless_fenced(shard, *won)
            if opened is not None:
                return opened
        attempt += 1
        yield Pause(attempt)


def _last_header(
    shard: int,
) -> Generator[Statement | Pause, object, tuple[int, Header | None]]:
    hint = yield from ask(ReadHint(shard))
    segment = hint if isinstance(hint, int) else 0
    header = yield from ask(ReadHeader(shard, segment))
    if header is None and segment > 0:  # A hint to nothing counts as 0.
        segment = 0
        header = yield from ask(ReadHeader(shard, 0))
    while isinstance(header, Header) and header.sealed:
        following = yield from ask(ReadHeader(shard, segment + 1))
        if following is None:
            break
        segment, header = segment + 1, following
    assert header is None or isinstance(header, Header)
    return segment, header


def _claim(
    shard: int, segment: int, header: Header | None, owner: str, nonce: str
) -> Generator[Statement | Pause, object, tuple[int, Header] | None]:
    epoch = header.epoch + 1 if header else 1
    if header is None or header.sealed:
        segment = segment + 1 if header else 0
        yield CreateHeader(shard, segment, _fresh(header, epoch, owner, nonce))
    else:
        yield TakeHeader(shard, segment, header.epoch, owner, nonce)
    seen = yield from ask(ReadHeader(shard, segment))
    if isinstance(seen, Header) and seen.epoch == epoch and seen.nonce == nonce:
        assert seen.owner == owner, seen
        return segment, seen
    return None


def _fresh(before: Header | None, epoch: int, owner: str, nonce: str) -> Header:
    tail = before.tail if before else 0
    checkpoint = before.checkpoint if before else None
    return Header(
        epoch=epoch, tail=tail, base=tail, owner=owner, nonce=nonce, checkpoint=checkpoint
    )


def _read_unless_fenced(
    shard: int, segment: int, header: Header
) -> Generator[Statement | Pause, object, Opened | None]:
    """Read the log; a later owner may trim what we read: then we are fenced, nothing is lost."""
    try:
        return (yield from _read(shard, segment, header))
    except DataLossError:
        now = yield from ask(ReadHeader(shard, segment))
        if isinstance(now, Header) and now.epoch == header.epoch:
            raise
        return None


def _read(shard: int, segment: int, header: Header) -> Machine:
    checkpoint, start, prev_hash, log_time = None, 0, GENESIS, 0
    if header.checkpoint is not None:
        checkpoint = yield from read_checkpoint(shard, header.checkpoint)
        start, prev_hash = header.checkpoint.offset, checkpoint.body.prev_hash
        log_time = checkpoint.body.log_time_ms
    rows = yield from _rows(shard, segment, start, header)
    check_rows(rows, start=start, prev_hash=prev_hash, log_time_ms=log_time)
    if rows:
        prev_hash, log_time = rows[-1].hash, rows[-1].log_time_ms
    assert start + len(rows) == header.tail, (start, len(rows), header)
    fence = Fence(
        shard=shard,
        segment=segment,
        epoch=header.epoch,
        tail=header.tail,
        base=header.base,
        last_batch=header.last_batch,
        last_hash=prev_hash,
        log_time_ms=log_time,
        checkpoint=header.checkpoint,
        owner=str(header.owner),
        nonce=header.nonce,
    )
    return Opened(fence, checkpoint, rows)


def _rows(
    shard: int, segment: int, start: int, header: Header
) -> Generator[Statement | Pause, object, tuple[Row, ...]]:
    """Read [start, tail), which may begin in earlier segments: `base` tells which."""
    spans: list[tuple[int, int, int]] = []
    end, base = header.tail, header.base
    while True:
        spans.append((segment, max(start, base), end))
        if base <= start or segment == 0:
            break
        segment, end = segment - 1, base
        before = yield from ask(ReadHeader(shard, segment))
        if not isinstance(before, Header):
            raise DataLossError(f"shard {shard}: the header of segment {segment} is not there")
        base = before.base
    rows: list[Row] = []
    for part, low, high in reversed(spans):
        for page in range(low, high, PAGE_ROWS):
            got = yield from ask(ReadRows(shard, part, page, min(page + PAGE_ROWS, high)))
            assert isinstance(got, tuple)
            rows += got
    if len(rows) != header.tail - start:
        raise DataLossError(
            f"shard {shard}: {header.tail - start - len(rows)} rows from {start} are not there"
        )
    return tuple(rows)
