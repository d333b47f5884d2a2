"""A new segment: seal the last header, create the next (PROTOCOL.md section 5).

It takes the append slot: no append may be in flight. A crash between the two statements is
healed by the next takeover.
"""

from collections.abc import Generator

from msgspec.structs import replace

from aidevos.core.ask import ask
from aidevos.core.errors import DataLossError
from aidevos.core.fence import Fence, Fenced
from aidevos.core.record import Header
from aidevos.core.statements import CreateHeader, Pause, ReadHeader, SealHeader, Statement

Roll = Generator[Statement | Pause, object, Fence | Fenced]


def roll(fence: Fence) -> Roll:
    """Return the machine that moves the shard to a new segment at the fence's tail."""
    while True:
        yield SealHeader(fence.shard, fence.segment, fence.epoch, fence.tail)
        header = yield from ask(ReadHeader(fence.shard, fence.segment))
        assert isinstance(header, Header), "headers are never deleted"
        if header.epoch > fence.epoch:
            return Fenced(header.epoch)
        if header.tail != fence.tail:
            raise DataLossError(f"shard {fence.shard}: an append overtook a roll")
        if header.sealed:
            return (yield from _create(fence))
        yield Pause(1)


def _create(fence: Fence) -> Roll:
    segment = fence.segment + 1
    fresh = Header(
        epoch=fence.epoch,
        tail=fence.tail,
        base=fence.tail,
        owner=fence.owner,
        nonce=fence.nonce,
        checkpoint=fence.checkpoint,
    )
    while True:
        yield CreateHeader(fence.shard, segment, fresh)
        header = yield from ask(ReadHeader(fence.shard, segment))
        if isinstance(header, Header):
            break
        yield Pause(1)
    if header.epoch > fence.epoch:
        return Fenced(header.epoch)
    assert header.nonce == fence.nonce, "one nonce per (shard, epoch)"
    return replace(fence, segment=segment, base=fence.tail, last_batch=None)
