"""Where the microseconds of a unary call on grpc.aio go: CPU by thread, one layer more in each row.

python -m benchmarks.layers

Rows: a bare echo; our door over a port that answers at once; the host without a door; everything.
All with 64 calls under way, the ones behind gRPC in turn in one run.
"""

import json
import subprocess
import sys
from contextlib import AsyncExitStack

import uvloop
from aidevos_cli.bench.load import ClosedLoops

from benchmarks.baselines import UnaryCalls
from benchmarks.common import child, first_line
from benchmarks.framed import Work, a_bench, adds
from benchmarks.threads import OF_PYTHON, Threads

ROUNDS, ROUND_S, WARM_UP_S, OUTSTANDING = 5, 1.5, 1.0, 64
DOOR_ONLY = OF_PYTHON[1:]
WORKER = "worker"
WORK = Work("unary", adds, 1_000)


def main() -> None:
    """Measure all layers and print them."""
    echo, door, everything = uvloop.run(_behind_grpc())
    alone = json.loads(subprocess.check_output([sys.executable, "-m", "benchmarks.host_alone"]))
    rows = {"bare echo": echo, "empty port behind the door": door}
    rows |= {"host without a door": alone["cpu"], "everything": everything}
    for name, cpu in rows.items():
        print(f"{name:<28}", *(f"{thread} {us}" for thread, us in cpu.items() if us), sep="  ")


async def _behind_grpc() -> list[dict[str, int]]:
    async with AsyncExitStack() as stack:
        bench = await stack.enter_async_context(a_bench(None, "--door", "grpcio"))
        door = stack.enter_context(child("-m", "benchmarks.door_server"))
        _, pids = await bench.facts.handler(WORK.type)
        places = [f"127.0.0.1:{first_line(door)}", bench.server.grpc]
        calls = [bench.unary, *(UnaryCalls(place) for place in places)]
        loads = [ClosedLoops(one, WORK.targets(), OUTSTANDING) for one in calls]
        for load in loads:
            await load.run(WARM_UP_S)
        before = [load.done for load in loads]
        counted = [Threads(pid, DOOR_ONLY) for pid in (bench.echo_pid, door.pid)]
        counted.append(Threads(pids["host"]))
        of_worker = Threads(pids[WORKER])
        for _ in range(ROUNDS):
            for load in loads:
                await load.run(ROUND_S)
        done = [load.done - first for load, first in zip(loads, before, strict=True)]
        costs = [one.per_call_us(count) for one, count in zip(counted, done, strict=True)]
        costs[-1][WORKER] = sum(of_worker.per_call_us(done[-1]).values())
        for one in calls[1:]:
            await one.close()
        return costs


if __name__ == "__main__":
    main()
