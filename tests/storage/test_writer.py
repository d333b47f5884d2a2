"""The one writer of a SQLite store, under many who write at once."""

import asyncio
from pathlib import Path

from aidevos.core.ids import ObjectId
from aidevos.storage.conformance.kit import chunk, record
from aidevos.storage.sqlite import SqliteStore

ROWS, WRITERS, ROUNDS = 4_000, 8, 3
"""So many rows that a writer still packs its own while the thread works on those before."""


async def test_histories_of_many_shards_at_once_do_not_stop_the_writer(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "aidevos.db")

    places: dict[int, list[int]] = {number: [] for number in range(WRITERS)}

    async def write(number: int) -> None:
        object = ObjectId("default", "Counter", str(number))
        for round in range(ROUNDS):
            first = round * ROWS + 1
            chunks = [chunk(object, record(first + place)) for place in range(ROWS)]
            places[number] += await store.put_history(number, chunks)

    await asyncio.gather(*(write(number) for number in range(WRITERS)))
    for number in range(WRITERS):
        kept = await store.get_history([(number, place) for place in places[number]])
        found = [one.first_seq for one in kept if one is not None]
        assert found == list(range(1, ROWS * ROUNDS + 1))
    await store.close()
