"""A developer's own types (`--types FILE`): in a plain worker process, open to every caller."""

from pathlib import Path

from aidevos_host.catalog import Service
from aidevos_host.host import Host
from aidevos_host.policy import OPEN
from aidevos_host.worker import start_types

from aidevos_standalone.executors import Executors

SERVICE = "own-types"


async def serve_types(host: Host, executors: Executors, files: tuple[Path, ...]) -> None:
    """Start the worker and install its types. FailedPreconditionError names file and line."""
    if not files:
        return
    executor = await start_types(files)
    executors.own(executor)
    service = Service(tenant="default", name=SERVICE, version=1, executor=executor, policy=OPEN)
    host.catalog.install(service)
