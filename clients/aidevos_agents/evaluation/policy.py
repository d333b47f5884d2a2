"""What a bundle's policy allows beyond its routes, pages and forms: the gates ask these alone.

A grant of something else would be tested by nothing, and nobody asked for it.
"""

from collections.abc import Iterator

import msgspec

from aidevos.doors.app_manifest import MANIFEST_PATH, AppManifest, Target, decode_manifest
from aidevos_agents.artifacts import Files


def beyond_its_doors(files: Files) -> tuple[str, ...]:
    """Return a sentence for each grant that no route, page or form needs."""
    try:
        manifest = decode_manifest(files[MANIFEST_PATH])
    except (KeyError, msgspec.MsgspecError):
        return ()  # It does not start, and says so itself.
    needed = {(target.type, target.method) for target in _targets(manifest)}
    return tuple(
        f"the policy lets {grant.role} call {grant.type}.{grant.method}, which nothing needs"
        for grant in manifest.policy
        if (grant.type, grant.method) not in needed
    )


def _targets(manifest: AppManifest) -> Iterator[Target]:
    for part in (manifest.routes, manifest.pages, manifest.forms):
        for one in part:
            yield one.target
