"""Runs one claim and writes what it found: `python -m benchmarks.claim NAME`.

In a process of its own no claim meets another's memory, garbage or connections.
"""

import importlib
import inspect
import sys

import msgspec
import uvloop

from benchmarks.claims import check
from benchmarks.common import NotHereError
from benchmarks.result import Found, not_here


def main(name: str) -> None:
    """Run benchmarks/NAME.py; write what it found as one line of JSON."""
    check([name])
    run = importlib.import_module(f"benchmarks.{name}").run
    try:
        found = uvloop.run(run()) if inspect.iscoroutinefunction(run) else run()
    except NotHereError as missing:
        found = Found([not_here(name, str(missing))])
    assert isinstance(found, Found)
    print(msgspec.json.encode(found).decode())


if __name__ == "__main__":
    main(sys.argv[1])
