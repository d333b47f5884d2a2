"""Where the server of a data directory is: the address file that it writes when ready."""

import json
from dataclasses import dataclass
from pathlib import Path

from aidevos_cli.failures import CliError
from aidevos_cli.typed import where


@dataclass(frozen=True, slots=True)
class Server:
    """A running server as its address file tells: `host:port` each, and the operator's token."""

    pid: int
    grpc: str
    admin: str
    http: str
    token: str


def running_server(data: str) -> Server | None:
    """Return the server that serves `data` now, or None if none does."""
    try:
        raw = json.loads((Path(data) / "address.json").read_text())
        places = {name: raw.get(name, "") for name in ("grpc", "admin", "http")}
        server = Server(pid=raw["pid"], token=raw["token"], **places)
    except (OSError, ValueError, KeyError):
        return None
    return server if serves(server.pid) else None


def need_server(data: str) -> Server:
    """Return the running server of `data` or end with what to type."""
    server = running_server(data)
    if server is None:
        raise CliError(
            f"no server is running on {data}",
            reason="UNAVAILABLE",
            hint=f"aidevos dev{where(data)}",
        )
    return server


def serves(pid: int) -> bool:
    """Whether our server runs under `pid` (a file left by kill -9 names a dead or another one)."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return b"aidevos_standalone" in command
