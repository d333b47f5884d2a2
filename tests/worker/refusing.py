"""A host on which one system call is refused: may it still run generated code?

`python refusing.py NAME...`: refuses the calls, then starts a jailed counter. Prints one line:
`refused: WHY`, or `ran` with the extras of the jail. What a filter refuses here, the zygote and
its workers are refused as well.
"""

import asyncio
import errno
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

import pyseccomp
from bundles import jailed
from world import world

from aidevos.core.errors import FailedPreconditionError


async def main() -> None:
    """Try it."""
    try:
        async with world(await jailed()) as w:
            print("ran", (await w.call("Counter/a", "add")).payload.decode(), w.executor.extras)
    except FailedPreconditionError as error:
        print(f"refused: {error}")


if __name__ == "__main__":
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for name in sys.argv[1:]:
        rules.add_rule(pyseccomp.ERRNO(errno.EPERM), name)
    rules.load()
    asyncio.run(main())
