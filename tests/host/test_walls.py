"""What one turn cannot do to its shard: store what cannot be read, or grow it without bound."""

import dataclasses

import pytest
from aidevos_host.config import HostConfig
from aidevos_host.host import Host
from note_type import begin, note

from aidevos.core.errors import AidevosError, HandlerFailedError, ResourceExhaustedError
from aidevos.core.shard import Limits
from aidevos.storage.memory import MemoryStore

ODD = [
    note("a", payload=b'{"rank":1180591620717411303424}'),
    note("a", "mumble"),
    note("a", "count"),
]


@pytest.mark.parametrize("odd", ODD, ids=lambda call: call.method)
async def test_what_cannot_be_stored_fails_its_own_turn_alone(odd: object) -> None:
    store = MemoryStore()
    host = await begin(store)
    shard = host._shards[0]
    with pytest.raises(HandlerFailedError) as caught:
        await host.invoke(odd)  # type: ignore[arg-type]
    assert "nothing was changed" in str(caught.value)
    assert (await host.invoke(note("b"))).version == 1
    assert host._shards[0] is shard
    assert (await (await begin(store)).invoke(note("b"))).repeated


def limited(host: Host, **limits: int) -> Host:
    machine = host._shards[0].machine
    machine._limits = dataclasses.replace(Limits(), **limits)
    return host


async def test_large_answers_are_remembered_up_to_a_bound_and_let_go() -> None:
    store = MemoryStore()
    host = limited(await begin(store), call_bytes_max=3_000)
    for number in range(3):
        await host.invoke(note("a", payload=b'{"reply":1000}', id=str(number)))
    with pytest.raises(ResourceExhaustedError):
        await host.invoke(note("a", id="one too many"))
    assert (await host.invoke(note("a", payload=b'{"reply":1000}', id="0"))).repeated
    assert (await host.invoke(note("a", "read"))).payload == b'""'
    index = host._shards[0].machine.index
    index.calls.apply((), index.log_time_ms + 600_000)
    assert index.calls.bytes == 0
    assert (await host.invoke(note("a", id="again"))).version == 4


async def test_an_object_beyond_the_bound_is_refused_and_those_that_are_there_go_on() -> None:
    host = limited(await begin(MemoryStore(), HostConfig(shard_count=1)), objects_max=2)
    for key in "ab":
        await host.invoke(note(key))
    with pytest.raises(AidevosError) as caught:
        await host.invoke(note("c"))
    assert caught.value.reason == "RESOURCE_EXHAUSTED"
    assert (await host.invoke(note("a", id="again"))).version == 2
