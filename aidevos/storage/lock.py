"""The exclusive lock on a data directory: one process serves it, a second is refused."""

import fcntl
import os
from pathlib import Path
from types import TracebackType

from aidevos.core.errors import UnavailableError


class DirectoryLock:
    """Holds `DIR/lock` by flock until closed or until the process ends, however it ends."""

    def __init__(self, directory: str | Path) -> None:
        """Take the lock, creating the directory; UnavailableError names who holds it."""
        self._path = Path(directory) / "lock"
        self._file = _open(self._path)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._file, 32).decode() or "unknown"
            os.close(self._file)
            raise UnavailableError(
                f"the data directory {directory} is in use by process {holder}; stop it or "
                "choose another directory with --data",
                pid=holder,
            ) from None
        os.truncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def close(self) -> None:
        """Give the lock up."""
        os.close(self._file)

    def __enter__(self) -> "DirectoryLock":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # Events are nobody else's.
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UnavailableError(
            f"the data directory {path.parent} cannot be used: {error.strerror}; choose one that "
            "this user may write with --data"
        ) from error
