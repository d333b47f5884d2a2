"""Where the microseconds of a unary call go: CPU by thread, one layer more in each row.

python -m benchmarks.layers

Rows: a bare echo; our door over a port that answers at once; the host without a door; everything.
All with 64 calls under way, the ones behind gRPC in turn in one run.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import uvloop

from benchmarks.common import ROOT, child
from benchmarks.threads import OF_PYTHON, Threads
from benchmarks.unary_call import PORTS, WARM_UP_S, Load, about

ROUNDS, ROUND_S = 5, 1.5
DOOR_ONLY = OF_PYTHON[1:]
WORKER = "worker"


def main() -> None:
    """Measure all layers and print them."""
    with ExitStack() as stack:
        data = stack.enter_context(tempfile.TemporaryDirectory())
        types = str(ROOT / "examples" / "counter.py")
        echo = stack.enter_context(child("-m", "benchmarks.echo_server"))
        door = stack.enter_context(child("-m", "benchmarks.door_server"))
        options = ("--data", data, "--types", types, "--no-agents", *PORTS)
        server = stack.enter_context(child("-m", "aidevos_standalone", *options))
        ports = [_line(echo), _line(door)]
        assert json.loads(_line(server))["event"] == "ready"
        address = json.loads((Path(data) / "address.json").read_text())
        behind = uvloop.run(_behind_grpc(ports, (echo.pid, door.pid), address))
    alone = json.loads(subprocess.check_output([sys.executable, "-m", "benchmarks.host_alone"]))
    rows = {"bare echo": behind[0], "empty port behind the door": behind[1]}
    rows |= {"host without a door": alone["cpu"], "everything": behind[2]}
    for name, cpu in rows.items():
        print(f"{name:<28}", *(f"{thread} {us}" for thread, us in cpu.items() if us), sep="  ")


def _line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


async def _behind_grpc(
    ports: list[str], pids: tuple[int, int], address: dict[str, str]
) -> list[dict[str, int]]:
    server = await about(address)
    worker = int(server.handler_processes["Counter"].split()[1])
    loads = [Load(f"127.0.0.1:{port}") for port in ports] + [Load(address["grpc"])]
    for load in loads:
        await load.rate(WARM_UP_S)
    before = [load.done for load in loads]
    counted = [Threads(pid, DOOR_ONLY) for pid in pids] + [Threads(server.process_id)]
    of_worker = Threads(worker)
    for _ in range(ROUNDS):
        for load in loads:
            await load.rate(ROUND_S)
    calls = [load.done - done for load, done in zip(loads, before, strict=True)]
    costs = [one.per_call_us(count) for one, count in zip(counted, calls, strict=True)]
    costs[-1][WORKER] = sum(of_worker.per_call_us(calls[-1]).values())
    await asyncio.gather(*(load.close() for load in loads))
    return costs


if __name__ == "__main__":
    main()
