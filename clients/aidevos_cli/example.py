"""The example counter, and a server of it for a verb that shows or measures something."""

from pathlib import Path

from aidevos_cli.failures import CliError
from aidevos_cli.server import Listen, ServerProcess

FREE = Listen(http="127.0.0.1:0", admin="127.0.0.1:0", grpc="127.0.0.1:0")
HERE = Path(__file__).resolve().parent
PLACES = (HERE.parents[1] / "examples" / "counter.py", HERE / "examples" / "counter.py")
"""Where the example is: in a clone, in an installed wheel."""


def counter_server(data: str) -> ServerProcess:
    """Start a server of the example on `data`, on free ports and without agents."""
    found = next((path for path in PLACES if path.is_file()), None)
    if found is None:
        raise CliError("examples/counter.py is not there", hint="run it in a clone of AIDevOS")
    return ServerProcess(data, FREE, ("--types", str(found), "--no-agents"))
