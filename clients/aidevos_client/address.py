"""The address of a server as people write it: `host:port`, `[::1]:port`."""

from aidevos.core.errors import InvalidArgumentError

PORT_MAX = 65_535


def place_of(address: str) -> tuple[str, int]:
    """Return host and port. Raises InvalidArgumentError for a URL, or without a port."""
    host, _, port = address.rpartition(":")
    number = int(port) if port.isascii() and port.isdecimal() and len(port) <= 5 else 0
    if not host or "/" in host or not 0 < number <= PORT_MAX:
        raise InvalidArgumentError(
            f"{address!r} is no host:port; write it like 127.0.0.1:50051", field="address"
        )
    return host.strip("[]"), number
