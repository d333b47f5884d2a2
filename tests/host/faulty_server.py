"""The shipped server on a disk that is slow or fails while a file of that name is in its data."""

import errno
import sys
import time
from pathlib import Path

import uvloop
from aidevos_standalone.options import read_options
from aidevos_standalone.serve import serve

SLOW_S = 0.5


def disk(data: Path) -> None:
    """Run in the writer thread, before each fsync."""
    if (data / "fail").exists():
        raise OSError(errno.EIO, "the disk is gone")
    if (data / "slow").exists():
        time.sleep(SLOW_S)


options = read_options()
sys.exit(uvloop.run(serve(options, before_commit=lambda: disk(options.data))))
