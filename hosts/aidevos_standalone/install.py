"""Installs generated apps: worker in the jail, service and policy in the host, app door.

A version replaces the one before in one step of the loop, with its worker warm: a caller meets
the old version or the new one. The old worker ends after the calls that hold it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from aidevos_host.catalog import Service
from aidevos_host.host import Host
from aidevos_host.policy import ServicePolicy
from aidevos_host.reach import Reach

from aidevos.core.errors import AidevosError, FailedPreconditionError
from aidevos.core.turn import Executor
from aidevos.doors.app import AppDoor
from aidevos.doors.app_manifest import MANIFEST_PATH, AppManifest, decode_manifest
from aidevos.doors.typed.publisher import Publisher, subject_of_app
from aidevos_standalone.executors import Executors

TENANT = "default"

Bundle = Mapping[str, bytes]
StartBundle = Callable[[Bundle, AppManifest], Awaitable[Executor]]
"""Start a bundle's worker; FailedPreconditionError if the jail or the code does not let it."""


class AppInstaller:
    """`runtime/installer.Installer` of this process."""

    def __init__(
        self,
        host: Host,
        apps: AppDoor,
        typed: Publisher,
        executors: Executors,
        start_bundle: StartBundle,
    ) -> None:
        """Bind the parts that an app is installed into."""
        self._host = host
        self._apps = apps
        self._typed = typed
        self._executors = executors
        self._start_bundle = start_bundle
        self._one_at_a_time = asyncio.Lock()

    async def install(self, bundle: Bundle, version: int) -> AppManifest:
        """Serve this bundle as `version` of its app; see `Installer.install`."""
        manifest = _manifest(bundle, version)
        async with self._one_at_a_time:
            executor = await self._start_bundle(bundle, manifest)
            policy = policy_of(manifest)
            try:
                self._check(manifest, executor)
                packages = await self._typed.prepare([subject_of_app(manifest, policy.allows)])
            except AidevosError:
                await executor.close()
                raise
            self._switch(manifest, executor, policy)
            self._typed.show(manifest.name, packages)
        return manifest

    async def remove(self, app: str) -> None:
        """Serve the app no more; its objects stay."""
        async with self._one_at_a_time:
            self._apps.remove(app)
            self._typed.show(app, ())
            gone = self._host.catalog.remove(TENANT, app)
            if gone is not None:
                self._executors.retire(gone)

    def _switch(self, manifest: AppManifest, executor: Executor, policy: ServicePolicy) -> None:
        """Make the version current; nothing here waits, so nobody sees half of it."""
        self._executors.own(executor)
        service = Service(
            tenant=TENANT,
            name=manifest.name,
            version=manifest.version,
            executor=executor,
            policy=policy,
            reach=reach_of(manifest),
        )
        before = self._host.catalog.install(service)
        self._apps.install(manifest)
        if before is not None:
            self._executors.retire(before)

    def _check(self, manifest: AppManifest, executor: Executor) -> None:
        """Refuse a bundle whose types are not those of its manifest, or are another's."""
        found = {info.name for info in executor.types}
        if found != set(manifest.types):
            raise FailedPreconditionError(
                f"{manifest.name}: app.json names the types {sorted(manifest.types)}, the bundle "
                f"has {sorted(found)}"
            )
        reach = reach_of(manifest)
        for service in self._host.catalog.services():
            if service.tenant != TENANT or service.name == manifest.name:
                continue
            if service.reach is not None and not service.reach.overlaps(reach):
                continue  # Their keys are apart: each has types of its own.
            if taken := found & {info.name for info in service.executor.types}:
                raise FailedPreconditionError(
                    f"{manifest.name}: {sorted(taken)} are types of {service.name} already; give "
                    "the app's types other names"
                )


def policy_of(manifest: AppManifest) -> ServicePolicy:
    """Return who may call what of an app."""
    return ServicePolicy(frozenset((g.role, g.type, g.method) for g in manifest.policy))


def reach_of(manifest: AppManifest) -> Reach:
    """Return what can be called of an app: its own group, and of its things those that are."""
    targets = (
        *(route.target for route in manifest.routes),
        *(page.target for page in manifest.pages),
        *(form.target for form in manifest.forms),
    )
    roots = {manifest.root_type, *(target.type for target in targets if target.on == "root")}
    return Reach(manifest.key_prefix, frozenset(manifest.types) - roots)


def _manifest(bundle: Bundle, version: int) -> AppManifest:
    raw = bundle.get(MANIFEST_PATH)
    if raw is None:
        raise FailedPreconditionError(f"the bundle has no {MANIFEST_PATH}")
    try:
        manifest = decode_manifest(raw)
    except msgspec.MsgspecError as error:
        raise FailedPreconditionError(f"{MANIFEST_PATH} is no manifest: {error}") from error
    return msgspec.structs.replace(manifest, version=version)
