"""DATA/address.json: where a running server is and the operator's token, for its user alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec


class Address(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a client on this machine needs. A listener that is not served has no entry."""

    pid: int
    token: str
    """Whoever shows it is the principal `operator`."""
    started_ms: int
    grpc: str = ""
    admin: str = ""
    http: str = ""


@contextmanager
def published(data: Path, address: Address) -> Iterator[None]:
    """Show the address file as long as the process serves."""
    path = write_address(data, address)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def write_address(data: Path, address: Address) -> Path:
    """Write the file whole or not at all, readable by this user alone; return its path."""
    path, part = data / "address.json", data / "address.json.part"
    part.unlink(missing_ok=True)
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(file, msgspec.json.encode(address))
    finally:
        os.close(file)
    part.replace(path)
    return path
