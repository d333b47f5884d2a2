"""The candidate as the gates ask it: plain HTTP/1.1 over one connection that is kept open."""

import asyncio
import http.client
from collections.abc import Mapping
from urllib.parse import urlsplit

from aidevos.core.errors import UnavailableError
from aidevos_agents.evaluation.process import Candidates
from aidevos_agents.gates import Reply

NO_HEADERS: Mapping[str, str] = {}
TIMEOUT_S = 10.0


class HttpCandidate:
    """Implements `gates.Candidate` over a candidate's server."""

    def __init__(self, app: str, candidates: Candidates) -> None:
        """Say which app, and who starts and kills its server."""
        self._app = app
        self._candidates = candidates
        self._line: http.client.HTTPConnection | None = None

    async def api(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Reply:
        """Ask for a path below `/{app}/api`."""
        target = f"/{self._app}/api{path}"
        return await asyncio.to_thread(self._ask, method, target, body, headers)

    async def page(self, path: str) -> Reply:
        """Get a page, a path below `/{app}`."""
        return await asyncio.to_thread(self._ask, "GET", f"/{self._app}{path}", None, NO_HEADERS)

    async def crash(self) -> None:
        """Kill the server, start it again on its data."""
        # First the kill, which ends what is under way; hanging up under it would be our own fault.
        await self._candidates.crash()
        self.close()

    async def fresh(self) -> None:
        """Take a server on empty data."""
        self.close()
        await self._candidates.fresh()

    def close(self) -> None:
        """Hang up."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _ask(
        self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Reply:
        """Ask once. Nothing is asked twice: the gates count on that."""
        self._candidates.used = True
        base = urlsplit(self._candidates.base)
        if self._line is None:
            assert base.hostname is not None
            self._line = http.client.HTTPConnection(base.hostname, base.port, timeout=TIMEOUT_S)
        try:
            self._line.request(method, target, body=body, headers=dict(headers))
            answer = self._line.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise UnavailableError(f"the candidate does not answer: {error}") from error
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, named, content, f"{base.geturl()}{target}")
