"""The jail around generated code. Closed before its first line runs, for good, or not at all.

Floor, without which nothing runs: resource limits and an allow-list of system calls. Extras, taken
where the machine has them: namespaces, another user, Landlock, no dump. Whatever fails in the
floor raises, and the worker ends before it has loaded anything.
"""

import os
import signal
from collections.abc import Callable
from typing import NamedTuple

from aidevos_worker import kernel, landlock, pidspace, seccomp
from aidevos_worker.rlimits import JailLimits, set_limits
from aidevos_worker.seccomp import Rules

NOBODY = 65_534
CLONE_NEWUSER, CLONE_NEWNET, CLONE_NEWIPC = 0x10000000, 0x40000000, 0x08000000


class Extra(NamedTuple):
    """One level beyond the floor: what it is called and how this process takes it."""

    name: str
    take: Callable[[], object]


def extras() -> tuple[Extra, ...]:
    """Return the extras in the order in which they must be taken."""
    return (
        Extra("network namespace", lambda: _leave(CLONE_NEWNET)),
        Extra("ipc namespace", lambda: _leave(CLONE_NEWIPC)),
        Extra("other user", _become_nobody),
        Extra("landlock", landlock.restrict),
        Extra("no dump", lambda: kernel.prctl(kernel.PR_SET_DUMPABLE, 0)),
    )


def close_jail(rules: Rules, limits: JailLimits) -> tuple[str, ...]:
    """Close the jail around this process; return the extras that hold.

    Raises OSError, ValueError or RuntimeError if the floor cannot be laid or does not hold.
    """
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    taken = [pidspace.NAME] if pidspace.is_first() else []
    taken += [extra.name for extra in extras() if _taken(extra)]
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)  # A change of user clears it.
    set_limits(limits)
    rules.load()
    seccomp.prove()
    return tuple(taken)


def _taken(extra: Extra) -> bool:
    try:
        extra.take()
    except OSError:  # This machine does not have it; `aidevos doctor` says so.
        return False
    return True


def _leave(namespace: int) -> None:
    """Leave a namespace: as root just so, as anybody else with a user namespace around it."""
    try:
        kernel.unshare(namespace)
    except PermissionError:
        kernel.unshare(CLONE_NEWUSER | namespace)


def _become_nobody() -> None:
    if os.geteuid() != 0:
        raise PermissionError("only root can become another user")
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    if os.getresuid() != (NOBODY, NOBODY, NOBODY):
        raise PermissionError("the user did not change")
