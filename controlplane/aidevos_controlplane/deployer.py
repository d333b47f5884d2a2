"""Deployer: makes deployments true. Intent (durable), install (the effect), result (durable).

At start every current version is installed again, and an intent without a result is finished: so
whatever the moment of a crash, the app serves what its Deployment object says.
"""

import asyncio
import logging
from collections import defaultdict
from typing import Any

import msgspec

from aidevos.core.errors import AidevosError, FailedPreconditionError, NotFoundError
from aidevos.doors.app_manifest import MANIFEST_PATH, AppManifest
from aidevos.runtime.installer import Installer
from aidevos.system.deployment import Deployment, Version
from aidevos.system.names import deployment_of, run_of
from aidevos.system.run import Asked
from aidevos_controlplane.app_services import AppServices
from aidevos_controlplane.artifacts import Artifacts
from aidevos_controlplane.calls import Objects

log = logging.getLogger("aidevos.deployer")


class Deployer:
    """One per server. Deployments of one app are made one after another."""

    def __init__(
        self, objects: Objects, artifacts: Artifacts, installer: Installer, services: AppServices
    ) -> None:
        """Bind."""
        self._objects = objects
        self._artifacts = artifacts
        self._installer = installer
        self._services = services
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def start(self) -> None:
        """Install all that is current, and finish what was intended. Returns when it serves."""
        views = await self._objects.all("Deployment")
        await asyncio.gather(*(self._resume(view.object.key) for view in views))

    async def deploy(self, run_id: str, app: str, asked: Asked) -> Deployment.State:
        """Deploy what the run was allowed to; return the deployment as it is then.

        Raises FailedPreconditionError with the reason if it cannot be installed (recorded).
        """
        async with self._locks[app]:
            version = await self._objects.command(
                deployment_of(app),
                "intend",
                Version,
                run_id=run_id,
                tree=asked.tree,
                spec=asked.spec,
                evidence=asked.evidence,
            )
            if version.state == "intended":
                await self._carry_out(app, version)
            await self._objects.command(
                run_of(run_id), "deployed", type(None), app=app, version=version.number
            )
            return await self.read(app)

    async def read(self, app: str) -> Deployment.State:
        """Return an app's deployment. Raises NotFoundError."""
        state = await self._objects.state(deployment_of(app), Deployment.State)
        if state is None:
            raise NotFoundError(f"no app {app} was deployed", field="app")
        return state

    async def _resume(self, app: str) -> None:
        """Bring one app back. One that cannot be must not keep the others from serving."""
        async with self._locks[app]:
            state = await self.read(app)
            try:
                if state.current is not None:
                    await self._install(app, state.current)
                pending = [v for v in state.versions if v.number == state.pending]
                for version in pending:
                    await self._carry_out(app, version)
            except AidevosError as error:
                log.error("app is not served: app=%s reason=%s: %s", app, error.reason, error)

    async def _carry_out(self, app: str, version: Version) -> None:
        """Install and record the result, whichever it is."""
        object = deployment_of(app)
        try:
            manifest = await self._install(app, version)
        except AidevosError as error:
            if not error.retryable:
                await self._objects.command(
                    object, "failed", type(None), number=version.number, reason=error.message
                )
            raise
        await self._objects.command(
            object,
            "installed",
            type(None),
            number=version.number,
            summary=_summary(manifest),
        )

    async def _install(self, app: str, version: Version) -> AppManifest:
        bundle = await self._artifacts.bundle(version.tree)
        if MANIFEST_PATH not in bundle:
            raise FailedPreconditionError(f"the tree has no {MANIFEST_PATH}")
        _check_name(app, bundle[MANIFEST_PATH])
        manifest = await self._installer.install(bundle, version.number)
        await self._services.installed(manifest, version.number)
        return manifest


def _check_name(app: str, raw: bytes) -> None:
    """Refuse a bundle of another name before anything of it serves."""
    try:
        name = msgspec.json.decode(raw, type=dict[str, Any]).get("name")
    except msgspec.MsgspecError as error:
        raise FailedPreconditionError(f"{MANIFEST_PATH} cannot be read: {error}") from error
    if name != app:
        raise FailedPreconditionError(f"{MANIFEST_PATH} names the app {name}, not {app}")


def _summary(manifest: AppManifest) -> dict[str, Any]:
    return {
        "title": manifest.title,
        "package": manifest.package,
        "types": list(manifest.types),
        "routes": len(manifest.routes),
        "pages": len(manifest.pages),
    }
