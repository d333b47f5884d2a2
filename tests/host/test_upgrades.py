"""A new version of a type meets what an older one wrote, and the other way round."""

import pytest
from note_type import Note, begin, install, note, second_version

from aidevos.core.errors import UpgradeRequiredError
from aidevos.core.ids import ObjectId
from aidevos.storage.memory import MemoryStore

A = ObjectId("default", "Note", "a")


SHOWN = b'{"lines":["one two"],"rank":0}'


async def test_a_state_is_shown_in_the_shape_of_the_version_that_is_served() -> None:
    store = MemoryStore()
    host = await begin(store)
    await host.invoke(note("a", payload=b'{"text":"one two"}'))
    install(host, second_version(), 2)
    assert (await host.get_object(A, "operator")).state == SHOWN
    install(host, Note, 3)
    await host.get_object(A, "operator")
    await host.stop()  # Its snapshot is one of the older version.
    host = await begin(store)
    install(host, second_version(), 4)
    assert (await host.get_object(A, "operator")).state == SHOWN


async def test_older_code_is_told_to_upgrade_and_newer_code_goes_on_where_it_was() -> None:
    host = await begin(MemoryStore())
    newer = second_version()
    install(host, newer, 2)
    await host.invoke(note("a", payload=b'{"line":"one"}', id="1"))
    shard = host._shards[0]
    install(host, Note, 1)
    with pytest.raises(UpgradeRequiredError):
        await host.invoke(note("a", id="2"))
    with pytest.raises(UpgradeRequiredError):
        await host.get_object(A, "operator")
    assert (await host.invoke(note("b"))).version == 1
    install(host, newer, 3)
    assert (await host.invoke(note("a", payload=b'{"line":"two"}', id="2"))).version == 2
    assert (await host.get_object(A, "operator")).state == b'{"lines":["one","two"],"rank":0}'
    assert host._shards[0] is shard
