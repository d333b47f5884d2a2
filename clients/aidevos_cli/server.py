"""Starts a server as a child process and waits until it is ready; it dies with this process."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from aidevos_cli.failures import CliError

ENDING_S = 5.0
"""How long a child that was heard no more may take to end."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Where and how it shall listen: `host:port`; empty takes the default or a free port."""

    http: str = ""
    admin: str = ""
    grpc: str = ""
    door: str = ""
    """Who speaks HTTP/2 for gRPC."""

    def flags(self) -> list[str]:
        """Return the server's command-line flags."""
        places = (("--http", self.http), ("--admin", self.admin), ("--grpc", self.grpc))
        pairs = (*places, ("--door", self.door))
        return [part for flag, value in pairs if value for part in (flag, value)]


class ServerProcess:
    """One `aidevos_standalone` child. `ready()` blocks until its line on stdout."""

    def __init__(self, data: str, listen: Listen, extra: Sequence[str] = ()) -> None:
        """Start the child at once; it is told to die when this process dies."""
        command = [sys.executable, "-m", "aidevos_standalone", "--data", data]
        self._child = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
            [*command, *listen.flags(), "--parent", str(os.getpid()), *extra],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for this process, which ends the child in order.
        )

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._child.pid

    def ready(self) -> dict[str, object]:
        """Return the ready event, or raise with the reason that the server gave."""
        for event in self.events():
            if event.get("event") == "ready":
                return event
        raise CliError(f"the server ended with code {self._child.wait()} before it was ready")

    def events(self) -> Iterator[dict[str, Any]]:
        """Yield what the server tells until it ends; an error event raises CliError."""
        assert self._child.stdout is not None
        for line in self._child.stdout:
            event = json.loads(line)
            if event.get("event") == "error":
                raise CliError(event["message"], reason=event["reason"], hint=event.get("hint", ""))
            yield event

    def reason_of_end(self) -> CliError | None:
        """Return why a child that ends does so; None if it goes on, or told nothing."""
        try:
            self._child.wait(ENDING_S)
            for _ in self.events():
                pass
        except subprocess.TimeoutExpired:
            return None
        except CliError as error:
            return error
        return None

    def stop(self) -> int:
        """Ask for a clean stop and wait for it."""
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
        return self._child.wait()

    def kill(self) -> int:
        """End it as hard as the system can (kill -9) and wait for that."""
        self._child.kill()
        return self._child.wait()

    def wait(self) -> int:
        """Wait until the child ends by itself; Ctrl-C asks it to."""
        while True:
            try:
                return self._child.wait()
            except KeyboardInterrupt:
                self._child.send_signal(signal.SIGTERM)
