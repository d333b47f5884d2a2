"""The baseline of million: a Python dict of as many totals by key, and nothing else.

`python -m benchmarks.dict_memory COUNT` writes what it holds, in megabytes.
"""

import os
import sys

from aidevos_cli.bench.processes import memory_mb

if __name__ == "__main__":
    totals = {f"b{number}": number + 1_000 for number in range(int(sys.argv[1]))}
    print(memory_mb(os.getpid()))
