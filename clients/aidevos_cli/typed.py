"""Commands as the user can type them: the launcher as it was called, and the data directory."""

import os
import shlex

DATA_DEFAULT = ".aidevos/data"
"""The data directory of every verb that is told no other."""
NAME = "aidevos"


def typed(command: str) -> str:
    """Return a command that begins with `aidevos ` with the launcher's name as it was called."""
    if not command.startswith(f"{NAME} "):
        return command
    launcher = os.environ.get("AIDEVOS_COMMAND", NAME)
    return shlex.quote(launcher) + command.removeprefix(NAME)


def where(data: str) -> str:
    """Return ` --data DIR`, or nothing for the directory that is taken without it."""
    return "" if data == DATA_DEFAULT else f" --data {shlex.quote(data)}"


def to_look_at(run: str, data: str, *, serving: bool) -> str:
    """Return what to type to see a run; without a server, one is started first."""
    look = typed(f"aidevos runs {run}{where(data)}")
    return look if serving else f"{typed(f'aidevos dev{where(data)}')}   and then   {look}"
