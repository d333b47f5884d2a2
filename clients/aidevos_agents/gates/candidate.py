"""What the gates need of a candidate: to be asked, to be killed, to begin anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. Header names are in lower case; `url` is what was asked, empty if unknown."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    url: str = ""


class Candidate(Protocol):
    """A running service. Every method raises UnavailableError when it does not answer."""

    async def api(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Reply:
        """Ask for a path, with its query, below `/{app}/api`."""
        ...

    async def page(self, path: str) -> Reply:
        """Get a page: a path, with its query, below `/{app}`."""
        ...

    async def crash(self) -> None:
        """Kill it as a power cut would, and start it again on the same data."""
        ...

    async def fresh(self) -> None:
        """Start it on empty data."""
        ...
