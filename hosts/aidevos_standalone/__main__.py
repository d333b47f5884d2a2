"""`python -m aidevos_standalone --data DIR`: one process on one data directory."""

import argparse
import sys
from pathlib import Path

import uvloop

from aidevos.core.errors import AidevosError
from aidevos_standalone.parent import die_with
from aidevos_standalone.serve import UNAVAILABLE, say_why, serve


def options() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(prog="aidevos_standalone", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(".aidevos/data"), help="data directory")
    parser.add_argument("--parent", type=int, help="process id to die with")
    return parser


def main() -> int:
    """Serve; exit 0 after a clean stop, 5 when it cannot serve."""
    chosen = options().parse_args()
    try:
        if chosen.parent is not None:
            die_with(chosen.parent)
        return uvloop.run(serve(chosen.data))
    except AidevosError as error:
        say_why(error)
        return UNAVAILABLE


if __name__ == "__main__":
    sys.exit(main())
