"""DATA/address.json: where a running server is and the operator's token, for its user alone."""

import os
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

    def listeners(self) -> dict[str, str]:
        """Return `host:port` of each listener that is served."""
        pairs = (("grpc", self.grpc), ("admin", self.admin), ("http", self.http))
        return {name: place for name, place in pairs if place}


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
