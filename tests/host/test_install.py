"""Installing a version of an app while it is called. The executor is an in-process one."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import msgspec
import pytest
from aidevos_host.config import HostConfig
from aidevos_host.host import Host
from aidevos_standalone.executors import Executors
from aidevos_standalone.install import AppInstaller
from counter_type import CounterExecutor, call, until

from aidevos.core.errors import (
    FailedPreconditionError,
    NotFoundError,
    PermissionDeniedError,
)
from aidevos.core.turn import Executor
from aidevos.doors.app import AppDoor
from aidevos.doors.app_manifest import AppManifest, Grant
from aidevos.doors.grpc_door import GrpcDoor
from aidevos.doors.port import ListQuery
from aidevos.doors.typed.publisher import Publisher
from aidevos.runtime.tokens import Tokens
from aidevos.storage.log import ShardLog
from aidevos.storage.memory import MemoryStore

MANIFEST = AppManifest(
    name="counting",
    title="Counting",
    version=7,
    package="counting_app",
    types=("Counter",),
    root_type="Counter",
    root_key="app",
    key_prefix="",
    routes=(),
    views={},
    policy=(Grant("anyone", "Counter", "add"),),
)


class ClosingExecutor(CounterExecutor):
    """Knows whether it was closed."""

    closed = False

    async def close(self) -> None:
        self.closed = True


@dataclass
class World:
    host: Host
    door: AppDoor
    installer: AppInstaller
    started: list[ClosingExecutor] = field(default_factory=list)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    host = Host(ShardLog(MemoryStore()), HostConfig(shard_count=2))
    await host.start()
    door, executors, started = AppDoor(host), Executors(), []

    async def start(bundle: Mapping[str, bytes], manifest: AppManifest) -> Executor:
        started.append(ClosingExecutor())
        return started[-1]

    typed = Publisher(host, GrpcDoor(host, Tokens()).typed)
    installer = AppInstaller(host, door, typed, executors, start)
    yield World(host, door, installer, started)
    await host.stop()
    await executors.close()
    assert all(executor.closed for executor in started)


def bundle(manifest: AppManifest = MANIFEST) -> dict[str, bytes]:
    return {"app.json": msgspec.json.encode(manifest)}


async def test_an_installed_app_is_called_under_its_policy(world: World) -> None:
    manifest = await world.installer.install(bundle(), 3)
    assert manifest.version == 3
    assert (await world.host.invoke(call("{c}a", "x"))).payload == b"1"
    with pytest.raises(PermissionDeniedError):
        await world.host.invoke(call("{c}a", "y", "move"))


async def test_calls_reach_an_apps_own_group_and_of_its_things_those_that_are(world: World) -> None:
    things = msgspec.structs.replace(MANIFEST, root_type="CountingApp", key_prefix="{c}")
    await world.installer.install(bundle(things), 1)
    with pytest.raises(NotFoundError, match=r"begin with \{c\}"):
        await world.host.invoke(call("{d}a", "z"))
    ghost = (await world.host.invoke(call("{c}ghost", "w"))).error
    assert ghost is not None
    assert (ghost.reason, [v.field for v in ghost.violations]) == ("NOT_FOUND", ["key"])
    await world.installer.install(bundle(msgspec.structs.replace(things, root_type="Counter")), 2)
    assert (await world.host.invoke(call("{c}ghost", "x"))).payload == b"1"
    await world.installer.install(bundle(things), 3)
    assert (await world.host.invoke(call("{c}ghost", "y"))).payload == b"2"


async def test_the_old_worker_ends_after_the_turns_that_it_began(world: World) -> None:
    await world.installer.install(bundle(), 1)
    old, go = world.started[0], asyncio.Event()
    old.before_turn = go.wait
    slow = asyncio.ensure_future(world.host.invoke(call("{c}a", "x")))
    queued = asyncio.ensure_future(world.host.invoke(call("{c}a", "y")))
    await until(lambda: old.runs == 1)
    await world.installer.install(bundle(), 2)
    assert (await world.host.invoke(call("other", "z"))).payload == b"1"
    assert (old.closed, old.runs, world.started[1].runs) == (False, 1, 1)
    go.set()
    assert [(await one).payload for one in (slow, queued)] == [b"1", b"2"]
    assert old.runs == 2
    await until(lambda: old.closed)


async def test_a_removed_app_is_called_no_more_and_its_worker_ends(world: World) -> None:
    await world.installer.install(bundle(), 1)
    await world.installer.remove("counting")
    await until(lambda: world.started[0].closed)
    assert world.door.installed() == ()
    with pytest.raises(NotFoundError):
        await world.host.invoke(call("{c}a", "x"))
    await world.installer.remove("counting")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "app.json"),
        ({"app.json": b"{"}, "no manifest"),
        ({"app.json": b"{}"}, "missing required field"),
        (bundle(msgspec.structs.replace(MANIFEST, types=("Other",))), "Other"),
    ],
)
async def test_a_bundle_that_does_not_fit_is_refused_and_the_version_before_goes_on(
    world: World, files: dict[str, bytes], words: str
) -> None:
    await world.installer.install(bundle(), 1)
    with pytest.raises(FailedPreconditionError, match=words):
        await world.installer.install(files, 2)
    assert (await world.host.invoke(call("{c}a", "x"))).payload == b"1"
    assert all(executor.closed for executor in world.started[1:])


async def test_types_of_another_service_are_not_taken_over(world: World) -> None:
    await world.installer.install(bundle(), 1)
    with pytest.raises(FailedPreconditionError, match="types of counting already"):
        await world.installer.install(bundle(msgspec.structs.replace(MANIFEST, name="other")), 1)


async def test_apps_whose_keys_are_apart_may_have_types_of_one_name(world: World) -> None:
    other = msgspec.structs.replace(MANIFEST, name="other", key_prefix="{d}", root_key="{d}app")
    ours = msgspec.structs.replace(MANIFEST, key_prefix="{c}", root_key="{c}app")
    await world.installer.install(bundle(ours), 1)
    await world.installer.install(bundle(msgspec.structs.replace(other, policy=())), 1)
    assert (await world.host.invoke(call("{c}a", "x"))).payload == b"1"
    with pytest.raises(PermissionDeniedError):
        await world.host.invoke(call("{d}a", "y"))
    await world.installer.install(bundle(other), 2)
    assert (await world.host.invoke(call("{d}a", "z"))).payload == b"1"
    assert [executor.runs for executor in world.started] == [1, 0, 1]
    listed = [(info.name, info.service) for info in world.host.types("default")]
    assert listed == [("Counter", "counting"), ("Counter", "other")]
    await world.installer.remove("other")
    with pytest.raises(NotFoundError):
        await world.host.invoke(call("{d}b", "w"))
    assert (await world.host.invoke(call("{c}a", "v"))).payload == b"2"


async def test_a_list_shows_a_type_only_to_whom_all_its_services_do(world: World) -> None:
    readable = (*MANIFEST.policy, Grant("anyone", "Counter", "read"))
    ours = msgspec.structs.replace(MANIFEST, key_prefix="{c}", policy=readable)
    await world.installer.install(bundle(ours), 1)
    await world.host.invoke(call("{c}a", "x"))
    query = ListQuery(tenant="default", principal="anonymous", type="Counter")
    assert len((await world.host.list_objects(query)).objects) == 1
    other = msgspec.structs.replace(MANIFEST, name="other", key_prefix="{d}")
    await world.installer.install(bundle(other), 1)
    assert (await world.host.list_objects(query)).objects == ()
