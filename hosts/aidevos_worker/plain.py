"""A plain worker: a developer's own files, in a process like any other. No jail."""

import os
import signal
import socket

from aidevos.core.errors import AidevosError
from aidevos.objects.runner import Runner
from aidevos_worker.frames import Loaded, LoadFiles, LoadRefused
from aidevos_worker.kernel import die_with
from aidevos_worker.mark import open_mark
from aidevos_worker.output import Output
from aidevos_worker.serving import Serving
from aidevos_worker.typefiles import load_files
from aidevos_worker.wire import HostGoneError, Wire


def run_plain(socket_fd: int, mark_fd: int, parent: int) -> None:
    """Load the files that the host names, then serve until it closes the socket."""
    die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the host; it ends its workers.
    wire, mark, output = Wire(socket.socket(fileno=socket_fd)), open_mark(mark_fd), Output()
    output.replace_standard_streams()
    try:
        runner = _load(wire, output)
        if runner is not None:
            Serving(wire, mark, runner, output).serve()
    except HostGoneError:
        pass
    os._exit(0)  # Threads and exit handlers of the developer's code must not keep it.


def _load(wire: Wire, output: Output) -> Runner | None:
    (message,) = wire.read()
    assert isinstance(message, LoadFiles), message
    try:
        runner = Runner(load_files(message.paths), output.report, check_all=message.check_all)
        wire.write([*output.take(), Loaded(runner.types)])
    except (AidevosError, TypeError) as error:
        wire.write([*output.take(), LoadRefused(str(error))])
        return None
    return runner
