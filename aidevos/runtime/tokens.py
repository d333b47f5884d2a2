"""Who shows which bearer token. Every door asks here; only digests are kept in memory.

No token is taken for `anonymous` on a loopback listener alone; an unknown one never is.
"""

import hashlib

from aidevos.core.errors import UnauthenticatedError

ANONYMOUS = "anonymous"
_SCHEME = "bearer"


class Tokens:
    """The tokens of one server and their principals (`operator`, `agent:<role>:<id>`)."""

    def __init__(self) -> None:
        """Know none."""
        self._principals: dict[bytes, str] = {}

    def add(self, token: str, principal: str) -> None:
        """Let `token` (at least 16 characters) stand for `principal` from now on."""
        assert len(token) >= 16, "a token that could be guessed"
        self._principals[_digest(token)] = principal

    def remove(self, token: str) -> None:
        """Forget `token`; harmless if it is not known."""
        self._principals.pop(_digest(token), None)

    def principal(self, authorization: str | None, *, loopback: bool) -> str:
        """Return who shows `authorization` (`Bearer TOKEN`). Raises UnauthenticatedError."""
        if not authorization:
            if loopback:
                return ANONYMOUS
            raise UnauthenticatedError("this address needs a token: Authorization: Bearer TOKEN")
        scheme, _, token = authorization.partition(" ")
        known = self._principals.get(_digest(token.strip()))
        if scheme.lower() != _SCHEME or known is None:
            raise UnauthenticatedError("the token is not one that this server knows")
        return known


def _digest(token: str) -> bytes:
    """Compare digests, not tokens: how long that takes says nothing about a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
