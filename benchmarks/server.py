"""The real server as a child: started on a directory, asked about itself, its worker found."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aidevos_client import Client

from benchmarks.common import ROOT, child, first_line

PORTS = [f"--{door}=127.0.0.1:0" for door in ("http", "admin", "grpc")]
TYPES = (ROOT / "examples" / "counter.py", ROOT / "benchmarks" / "padded.py")


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is ready."""

    data: Path
    pid: int
    grpc: str
    """`host:port`."""
    token: str

    def client(self) -> Client:
        """Return a client of it, the operator's."""
        return Client(self.grpc, self.token)


@contextmanager
def serving(data: Path | None = None, *options: str) -> Iterator[Server]:
    """Run a server with the example counter and the padded one, in `data` or a new directory."""
    with tempfile.TemporaryDirectory(prefix="aidevos-bench-") as fresh:
        place = data or Path(fresh)
        types = [part for file in TYPES for part in ("--types", str(file))]
        command = ("-m", "aidevos_standalone", "--data", str(place), *types, "--no-agents")
        with child(*command, *PORTS, *options) as process:
            ready = json.loads(first_line(process))
            assert ready["event"] == "ready", ready
            address = json.loads((place / "address.json").read_text())
            yield Server(place, process.pid, address["grpc"], address["token"])
