"""Makes a generated app's version serve, and takes it away: what the deployer asks of its server.

The server's composition root implements it (worker in the jail, service and policy in the host,
routes and pages in the app door).
"""

from collections.abc import Mapping
from typing import Protocol

from aidevos.doors.app_manifest import AppManifest


class Installer(Protocol):
    """One server's installed apps, at most one version of each."""

    async def install(self, bundle: Mapping[str, bytes], version: int) -> AppManifest:
        """Serve this bundle as `version` of its app; return its manifest.

        Callers see the old version or the new one, never neither; turns under way end with the
        version they began with. Of two installs of one app the later wins. Raises
        FailedPreconditionError with the reason (no app.json, no jail, it does not load): then
        the version before goes on.
        """
        ...

    async def remove(self, app: str) -> None:
        """Serve the app no more; its objects stay. Harmless if it is not installed."""
        ...
