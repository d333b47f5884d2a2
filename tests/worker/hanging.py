"""A host whose handler hangs, jailed, beside a plain worker: prints their pids and waits."""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from aidevos_host.worker import start_types
from bundles import jailed
from world import until, world

HANG = "@command\ndef hang(self) -> int:\n    while True: pass"
COUNTER = Path(__file__).parents[2] / "examples" / "counter.py"


async def main() -> None:
    """Hang until killed."""
    plain = await start_types([COUNTER])
    async with world(await jailed(HANG)) as w:
        call = asyncio.ensure_future(w.call("Counter/a", "hang"))
        worker = w.executor._worker
        assert worker is not None
        await until(lambda: worker.begun > 0)
        print(plain.worker_pid, w.executor.worker_pid, flush=True)
        await call


if __name__ == "__main__":
    asyncio.run(main())
