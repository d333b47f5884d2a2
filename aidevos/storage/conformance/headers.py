"""Headers: written only under their condition, read back whole (PROTOCOL.md sections 2, 3, 5)."""

import asyncio

from aidevos.core.statements import (
    CreateHeader,
    ReadHeader,
    ReadHint,
    ReleaseHeader,
    SealHeader,
    TakeHeader,
    WriteHint,
)
from aidevos.storage.conformance.kit import NAME, SHARD, Kit, append, created, filled, header, read


class HeaderCases(Kit):
    """Create, take, seal, release, hints."""

    async def test_a_header_that_was_never_made_is_not_there(self) -> None:
        store = await self.open_store()
        assert await store.execute(ReadHeader(SHARD, 0)) is None

    async def test_a_made_header_is_read_back_with_every_field(self) -> None:
        store = await self.open_store()
        full = header(epoch=4, tail=7, base=5, sealed=True, last_batch="b", checkpoint=NAME)
        await created(store, full)
        assert await read(store) == full

    async def test_a_header_without_owner_batch_and_checkpoint_is_read_back(self) -> None:
        store = await self.open_store()
        await created(store, header(owner=None, nonce=""))
        assert await read(store) == header(owner=None, nonce="")

    async def test_a_header_is_made_once(self) -> None:
        store = await self.open_store()
        await created(store)
        again = await store.execute(CreateHeader(SHARD, 0, header(nonce="n2", epoch=9)))
        assert again is False
        assert await read(store) == header()

    async def test_of_two_who_make_a_header_at_once_one_wins(self) -> None:
        store = await self.open_store()
        asked = [CreateHeader(SHARD, 0, header(nonce=nonce)) for nonce in ("x", "y")]
        won = await asyncio.gather(*(store.execute(one) for one in asked))
        assert sorted(map(bool, won)) == [False, True]
        assert (await read(store)).nonce == ("x" if won[0] else "y")

    async def test_headers_of_other_shards_and_segments_are_their_own(self) -> None:
        store = await self.open_store()
        await created(store)
        await created(store, header(nonce="s1"), segment=1)
        assert await store.execute(CreateHeader(SHARD + 1, 0, header(nonce="o"))) is True
        assert (await read(store)).nonce == "n1"
        assert (await read(store, segment=1)).nonce == "s1"
        assert (await read(store, shard=SHARD + 1)).nonce == "o"

    async def test_a_take_advances_the_epoch_and_names_owner_and_nonce(self) -> None:
        store = await self.open_store()
        await created(store)
        assert await store.execute(TakeHeader(SHARD, 0, 1, "b", "n2")) is True
        assert await read(store) == header(epoch=2, owner="b", nonce="n2")

    async def test_a_take_on_an_old_epoch_changes_nothing(self) -> None:
        store = await self.open_store()
        await created(store, header(epoch=2))
        assert await store.execute(TakeHeader(SHARD, 0, 1, "b", "n2")) is False
        assert await read(store) == header(epoch=2)

    async def test_a_take_on_a_future_epoch_changes_nothing(self) -> None:
        store = await self.open_store()
        await created(store)
        assert await store.execute(TakeHeader(SHARD, 0, 2, "b", "n2")) is False
        assert await read(store) == header()

    async def test_a_take_of_a_sealed_header_changes_nothing(self) -> None:
        store = await self.open_store()
        await created(store, header(sealed=True))
        assert await store.execute(TakeHeader(SHARD, 0, 1, "b", "n2")) is False
        assert await read(store) == header(sealed=True)

    async def test_a_take_of_nothing_changes_nothing(self) -> None:
        store = await self.open_store()
        assert await store.execute(TakeHeader(SHARD, 0, 1, "b", "n2")) is False
        assert await store.execute(ReadHeader(SHARD, 0)) is None

    async def test_of_two_who_take_at_once_one_wins(self) -> None:
        store = await self.open_store()
        await created(store)
        asked = [TakeHeader(SHARD, 0, 1, owner, f"n{owner}") for owner in ("b", "c")]
        won = await asyncio.gather(*(store.execute(one) for one in asked))
        assert sorted(map(bool, won)) == [False, True]
        assert await read(store) == header(
            epoch=2, owner="b" if won[0] else "c", nonce="nb" if won[0] else "nc"
        )

    async def test_a_take_keeps_tail_last_batch_and_checkpoint(self) -> None:
        store = await self.open_store()
        await created(store, header(tail=5, last_batch="b4", checkpoint=NAME))
        await store.execute(TakeHeader(SHARD, 0, 1, "b", "n2"))
        seen = await read(store)
        assert (seen.tail, seen.last_batch, seen.checkpoint) == (5, "b4", NAME)

    async def test_a_seal_at_the_tail_seals(self) -> None:
        store = await self.open_store()
        await filled(store, 2)
        assert await store.execute(SealHeader(SHARD, 0, 1, 2)) is True
        assert (await read(store)).sealed is True

    async def test_a_seal_elsewhere_than_at_the_tail_changes_nothing(self) -> None:
        store = await self.open_store()
        await filled(store, 2)
        assert await store.execute(SealHeader(SHARD, 0, 1, 1)) is False
        assert (await read(store)).sealed is False

    async def test_a_seal_by_a_fenced_owner_changes_nothing(self) -> None:
        store = await self.open_store()
        await filled(store, 1)
        await store.execute(TakeHeader(SHARD, 0, 1, "b", "n2"))
        assert await store.execute(SealHeader(SHARD, 0, 1, 1)) is False
        assert (await read(store)).sealed is False

    async def test_a_second_seal_is_not_applied(self) -> None:
        store = await self.open_store()
        await created(store, header(sealed=True))
        assert await store.execute(SealHeader(SHARD, 0, 1, 0)) is False

    async def test_a_sealed_segment_takes_no_row(self) -> None:
        store = await self.open_store()
        await created(store, header(sealed=True))
        assert await store.execute(append(0, "b0", after=None)) is False
        assert (await read(store)).tail == 0

    async def test_a_release_clears_the_owner_and_nothing_else(self) -> None:
        store = await self.open_store()
        await created(store)
        assert await store.execute(ReleaseHeader(SHARD, 0, 1)) is True
        assert await read(store) == header(owner=None)

    async def test_a_release_by_a_fenced_owner_changes_nothing(self) -> None:
        store = await self.open_store()
        await created(store, header(epoch=2))
        assert await store.execute(ReleaseHeader(SHARD, 0, 1)) is False
        assert (await read(store)).owner == "a"

    async def test_a_hint_is_what_was_written_last(self) -> None:
        store = await self.open_store()
        assert await store.execute(ReadHint(SHARD)) is None
        await store.execute(WriteHint(SHARD, 1))
        await store.execute(WriteHint(SHARD, 4))
        assert await store.execute(ReadHint(SHARD)) == 4
        assert await store.execute(ReadHint(SHARD + 1)) is None
