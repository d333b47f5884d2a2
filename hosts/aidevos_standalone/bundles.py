"""Reads a generated app's bundle from a directory: how a candidate under evaluation is served."""

from pathlib import Path

from aidevos.core.errors import UnavailableError
from aidevos.runtime.installer import Installer

VERSION_OF_A_DIRECTORY = 1


async def install_directories(installer: Installer, directories: tuple[Path, ...]) -> None:
    """Serve each directory's bundle. Raises FailedPreconditionError, UnavailableError."""
    for directory in directories:
        await installer.install(read_bundle(directory), VERSION_OF_A_DIRECTORY)


def read_bundle(directory: Path) -> dict[str, bytes]:
    """Return every regular file below `directory` by its path; caches are left out."""
    try:
        return {
            path.relative_to(directory).as_posix(): path.read_bytes()
            for path in sorted(directory.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }
    except OSError as error:
        raise UnavailableError(f"--bundle {directory} cannot be read: {error}") from None
