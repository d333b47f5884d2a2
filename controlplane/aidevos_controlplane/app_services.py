"""Installed apps as services of the registry, so that others find them."""

from aidevos.doors.app_manifest import AppManifest
from aidevos.registry.base import Registry, Service

OWNER = "system"


class AppServices:
    """Registers each installed app; it stays as long as this server runs."""

    def __init__(self, registry: Registry) -> None:
        """Bind."""
        self._registry = registry

    async def installed(self, manifest: AppManifest, version: int) -> None:
        """Register a version of an app, in place of the one before."""
        service = Service(
            name=f"app/{manifest.name}",
            kind="app",
            version=str(version),
            criteria={"app": manifest.name},
            metadata={"title": manifest.title, "api": f"/{manifest.name}/api"},
        )
        await self._registry.register(service, OWNER)
