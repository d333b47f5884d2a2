"""Ctrl-C while modules are still imported: nothing is there to be ended in order, nor to be told.

An exception raised among imports shows where it came, and some imports wrap it into another one.
"""

import os
import signal
from types import FrameType

INTERRUPTED = 130
"""Exit code of what Ctrl-C ended."""


def leave_at_once() -> None:
    """Let Ctrl-C end the process without a word. Where it is ignored it stays ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def raise_again() -> None:
    """Let it raise KeyboardInterrupt from now on."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(_: int, __: FrameType | None) -> None:
    os._exit(INTERRUPTED)
