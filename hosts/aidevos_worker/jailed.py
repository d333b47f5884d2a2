"""A jailed worker, from the fork to its end: descriptors, jail, bundle, turns. In that order."""

import os
import socket
import traceback

from aidevos.core.errors import AidevosError
from aidevos.objects.runner import Runner
from aidevos_worker.bundle import load_bundle
from aidevos_worker.frames import LoadBundle, Loaded, LoadRefused, Said
from aidevos_worker.jail import close_jail
from aidevos_worker.mark import open_mark
from aidevos_worker.output import Output
from aidevos_worker.rlimits import JailLimits
from aidevos_worker.seccomp import Rules
from aidevos_worker.serving import Serving
from aidevos_worker.wire import HostGoneError, Wire

SOCKET_FD = 0
DESCRIPTORS_MAX = 1 << 20


def run_jailed(socket_fd: int, mark_fd: int, rules: Rules, limits: JailLimits) -> None:
    """Be a worker until the host closes the socket. Never returns: this was a fork."""
    code = os.EX_SOFTWARE
    try:
        code = _run(socket_fd, mark_fd, rules, limits)
    finally:
        os._exit(code)


def _run(socket_fd: int, mark_fd: int, rules: Rules, limits: JailLimits) -> int:
    mark = open_mark(mark_fd)
    os.dup2(socket_fd, SOCKET_FD)
    os.closerange(SOCKET_FD + 1, DESCRIPTORS_MAX)
    wire, output = Wire(socket.socket(fileno=SOCKET_FD)), Output()
    output.replace_standard_streams()
    try:
        loaded = _load(wire, output, rules, limits)
        if loaded is None:
            return os.EX_CONFIG
        Serving(wire, mark, loaded, output, limits.cpu_s).serve()
    except HostGoneError:
        pass
    except BaseException:  # Boundary: the last words of a process that ends; the host goes on.
        wire.write([Said("worker", traceback.format_exc())])
        return os.EX_SOFTWARE
    return os.EX_OK


def _load(wire: Wire, output: Output, rules: Rules, limits: JailLimits) -> Runner | None:
    extras = _close_jail(wire, rules, limits)
    if extras is None:
        return None
    (message,) = wire.read()
    assert isinstance(message, LoadBundle), message
    try:
        runner = Runner(load_bundle(message), output.report, check_all=message.check_all)
    except (AidevosError, TypeError) as error:
        wire.write([*output.take(), LoadRefused(str(error))])
        return None
    wire.write([*output.take(), Loaded(runner.types, extras)])
    return runner


def _close_jail(wire: Wire, rules: Rules, limits: JailLimits) -> tuple[str, ...] | None:
    try:
        return close_jail(rules, limits)
    except BaseException as error:  # Boundary: a jail that does not close lets nothing run.
        wire.write([LoadRefused(f"the jail for generated code does not close here: {error}")])
        return None
