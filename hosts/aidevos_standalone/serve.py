"""Starts the parts in order, says `ready`, and takes them down in reverse.

Order: lock, store, listeners, executors, host, gRPC, control plane (which serves again what is
deployed), HTTP, address file. Each part is a module of its own and a context manager. A store that
failed for good ends the process; what was acknowledged is on disk.
"""

import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack

from aidevos_host.ports import wall_ms
from aidevos_host.worker import start_bundle

from aidevos.doors.typed.publisher import Publisher
from aidevos.runtime.tokens import Tokens
from aidevos.storage.lock import DirectoryLock
from aidevos_standalone.address import Address, published
from aidevos_standalone.bundles import install_directories
from aidevos_standalone.control import make_plane, running_plane
from aidevos_standalone.doors import Doors
from aidevos_standalone.executors import open_executors
from aidevos_standalone.info import About, add_admin
from aidevos_standalone.install import AppInstaller
from aidevos_standalone.listeners import Listener, bind_all
from aidevos_standalone.measures import Measures
from aidevos_standalone.objects import running_host
from aidevos_standalone.options import Options
from aidevos_standalone.owntypes import OwnTypes, own_types, start_early
from aidevos_standalone.stop import Stop
from aidevos_standalone.store import Store, open_store
from aidevos_standalone.tell import tell


async def serve(options: Options, *, before_commit: Callable[[], None] | None = None) -> int:
    """Serve until SIGTERM or SIGINT, or until the disk fails; return the exit code.

    `before_commit` is the store's port for tests of a slow or failing disk.
    """
    stop = Stop()
    stop.on_signals()
    async with AsyncExitStack() as stack:
        stack.enter_context(DirectoryLock(options.data))
        store = await stack.enter_async_context(open_store(options, before_commit))
        addresses = await _start(options, store, stop, stack)
        tell("ready", addresses=addresses, pid=os.getpid())
        await stop.event.wait()
    return stop.exit_code()


async def _start(
    options: Options, store: Store, stop: Stop, stack: AsyncExitStack
) -> dict[str, str]:
    """Start every part over the store on `stack`; return the addresses that answer."""
    listeners = bind_all(options.places())
    urls = {name: listener.url for name, listener in listeners.items()}
    executors = await stack.enter_async_context(open_executors())
    first = start_early(executors, options.types)
    host = await stack.enter_async_context(running_host(store, stop, options.host()))
    address = _address(listeners)
    tokens = Tokens()
    tokens.add(address.token, "operator")
    doors = Doors(Measures(host, store), listeners, tokens, stop, options.door)
    add_admin(doors.grpc, About(host, store, _places(listeners), address.started_ms))
    typed = Publisher(host, doors.grpc.typed)
    installer = AppInstaller(host, doors.apps, typed, executors, start_bundle)
    plane = make_plane(host, doors, installer, tokens, agents=options.agents)
    await typed.load()
    own = OwnTypes(host, executors, typed, options.types)
    await stack.enter_async_context(own_types(own, first))
    await stack.enter_async_context(doors.answering_grpc())
    await stack.enter_async_context(running_plane(plane, address.grpc))
    await install_directories(installer, options.bundles)
    await stack.enter_async_context(doors.answering_http())
    stack.enter_context(published(options.data, address))
    return urls


def _address(listeners: Mapping[str, Listener]) -> Address:
    """Return what the address file will say: a fresh token with each start."""
    token = secrets.token_urlsafe(32)
    return Address(pid=os.getpid(), token=token, started_ms=wall_ms(), **_places(listeners))


def _places(listeners: Mapping[str, Listener]) -> dict[str, str]:
    return {name: listener.place for name, listener in listeners.items()}
