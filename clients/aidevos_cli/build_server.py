"""The server that a build works with: the one that serves the data directory, or a child."""

from types import TracebackType
from typing import Self

from aidevos_cli.context import Server, running_server
from aidevos_cli.failures import FAILED, UNAVAILABLE, CliError
from aidevos_cli.server import Listen, ServerProcess


class BuildServer:
    """Found by the address file, or started. `with` stops what was started here, cleanly."""

    def __init__(self, data: str, listen: Listen) -> None:
        """Say which data directory, and where a server that is started shall listen."""
        self.data = data
        self._listen = listen
        self._child: ServerProcess | None = None

    @property
    def own(self) -> bool:
        """Whether the server is a child of this command."""
        return self._child is not None

    def start(self) -> Server:
        """Return the running server, started if there was none. Raises CliError."""
        found = running_server(self.data)
        if found is not None:
            self._check_places(found)
            return found
        self._child = ServerProcess(self.data, self._listen)
        self._child.ready()
        started = running_server(self.data)
        if started is None:
            raise CliError(f"the server wrote no address file in {self.data}")
        return started

    def wait(self) -> None:
        """Serve until the child ends: by Ctrl-C, SIGTERM, or by itself."""
        assert self._child is not None
        if (code := self._child.wait()) != 0:
            raise self._child.reason_of_end() or CliError(
                f"the server ended with code {code}; what was acknowledged is on the disk",
                reason="UNAVAILABLE" if code != FAILED else "FAILED",
                hint="run the same command again",
            )

    def explained(self, error: CliError) -> CliError:
        """Return why nobody answered: what the server that was started here said as it ended."""
        if self._child is None or error.exit_code != UNAVAILABLE:
            return error
        return self._child.reason_of_end() or error

    def _check_places(self, found: Server) -> None:
        """Refuse an address that is asked for and is not the running server's."""
        for name in ("http", "admin", "grpc"):
            asked, has = getattr(self._listen, name), getattr(found, name)
            if asked and not asked.endswith(":0") and asked != has:
                raise CliError(
                    f"a server (process {found.pid}) is running on {self.data} already, with "
                    f"{name} on {has}, not {asked}",
                    reason="FAILED_PRECONDITION",
                    hint=f"leave --{name} out, or end process {found.pid} first",
                )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._child is not None:
            self._child.stop()
