"""A client process: `caller.py raw|real JOURNAL ADDRESS SEED calm|wild PARENT`.

SIGTERM lets it finish: it makes no new calls and ends when all are answered.
The journal `NAME.jsonl` is all that it knows of its earlier lives.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from journal import Journal, Kept
from load import Load
from progress import DONE
from raw_caller import RawCaller
from real_caller import RealCaller

from aidevos.runtime.parent import die_with

KINDS = {"raw": RawCaller, "real": RealCaller}


async def main(kind: str, path: Path, address: str, load: tuple[int, bool]) -> None:
    """Call until told to finish, then until everything is answered."""
    journal, kept = Journal(path), Kept.read(path)
    seed, wild = load
    caller = KINDS[kind](journal, kept, Load(kept.client, seed, len(kept.calls), wild=wild))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, caller.stop)
    await caller.run(address)
    os.write(1, DONE)


if __name__ == "__main__":
    kind, path, address, seed, how, parent = sys.argv[1:]
    die_with(int(parent))
    asyncio.run(main(kind, Path(path), address, (int(seed), how == "wild")))
