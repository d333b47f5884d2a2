"""`python -m aidevos_standalone --data DIR`: one process on one data directory."""

import os
import sys

import uvloop

import aidevos.runtime.no_fork_handlers  # noqa: F401 (before grpc)
from aidevos.core.errors import AidevosError
from aidevos.runtime.parent import die_with
from aidevos_standalone.options import read_options
from aidevos_standalone.stop import UNAVAILABLE, say_why


def main() -> int:
    """Serve; exit 0 after a clean stop, 5 when it cannot serve."""
    options = read_options()
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")  # Children exec at once.
    from aidevos_standalone.serve import serve  # noqa: PLC0415 (grpc reads it when imported)

    try:
        if options.parent is not None:
            die_with(options.parent)
        return uvloop.run(serve(options))
    except AidevosError as error:
        say_why(error)
        return UNAVAILABLE


if __name__ == "__main__":
    sys.exit(main())
