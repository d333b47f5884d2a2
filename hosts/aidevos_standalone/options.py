"""The server's command line, read once into a value."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from aidevos_host.config import HostConfig

from aidevos.doors.grpc_door import SERVER, SERVERS

IDLE_S = HostConfig().hibernate_after_ms / 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to serve and where. An empty place takes the default port, or a free one if taken."""

    data: Path
    memory: bool = False
    """Keep nothing: for a candidate under evaluation. The directory still holds the lock."""

    http: str = ""
    admin: str = ""
    grpc: str = ""
    types: tuple[Path, ...] = ()
    """A developer's own types, run in a plain worker process."""

    bundles: tuple[Path, ...] = ()
    """Directories of generated apps, run in the jail without being deployed."""

    parent: int | None = None
    hibernate_after_s: float = IDLE_S
    """Idle time before an object leaves memory."""

    door: str = SERVER
    """Who speaks HTTP/2 for gRPC."""

    agents: bool = True
    """Whether agent processes are kept alive while a run is unfinished."""

    def host(self) -> HostConfig:
        """Return the settings of the host."""
        return HostConfig(hibernate_after_ms=round(self.hibernate_after_s * 1_000))

    def places(self) -> dict[str, str]:
        """Return where each listener shall be, by name."""
        return {"http": self.http, "admin": self.admin, "grpc": self.grpc}


def read_options(arguments: list[str] | None = None) -> Options:
    """Return the options in `arguments` (the process's own without); exits 2 on a wrong one."""
    read = _parser().parse_args(arguments)
    return Options(
        data=read.data,
        memory=read.memory,
        http=read.http,
        admin=read.admin,
        grpc=read.grpc,
        types=tuple(read.types),
        bundles=tuple(read.bundles),
        parent=read.parent,
        hibernate_after_s=read.hibernate_after,
        door=read.door,
        agents=not read.no_agents,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aidevos_standalone", description="One process on one data directory."
    )
    add = parser.add_argument
    add("--data", type=Path, default=Path(".aidevos/data"), help="data directory")
    add("--memory", action="store_true", help="keep everything in memory, nothing on disk")
    for door, what in (("http", "apps"), ("admin", "objects, metrics"), ("grpc", "gRPC")):
        add(f"--{door}", default="", metavar="HOST:PORT", help=f"where to serve {what}")
    add(
        "--door",
        choices=sorted(SERVERS),
        default=SERVER,
        help=f"who speaks HTTP/2 for gRPC: we, or the library grpc.aio (default: {SERVER})",
    )
    add("--types", type=Path, action="append", default=[], metavar="FILE", help="your own types")
    add("--bundle", type=Path, action="append", default=[], dest="bundles", metavar="DIR")
    add("--parent", type=int, metavar="PID", help="process id to die with")
    add(
        "--hibernate-after",
        type=float,
        default=IDLE_S,
        metavar="SECONDS",
        help="idle time before an object leaves memory",
    )
    add("--no-agents", action="store_true", help="start no agent processes")
    return parser
