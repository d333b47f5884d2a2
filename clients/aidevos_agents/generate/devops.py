"""The bundle: all parts in one, with the manifest, the package's front and a page to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from aidevos.doors.app_manifest import MANIFEST_PATH, AppManifest
from aidevos_agents.generate.files import Files, rendered
from aidevos_agents.generate.manifest import manifest
from aidevos_agents.generate.plan import Plan
from aidevos_agents.generate.project import Project
from aidevos_agents.spec.model import App


class OverlapError(ValueError):
    """Two parts bring a file of the same path: none of them may replace the other's."""


def devops(app: App, lines: Mapping[str, int], parts: Sequence[Files], version: int) -> Files:
    """Return the bundle of `parts`, its manifest, the package's `__init__.py` and a README.

    Raises OverlapError if a path comes twice.
    """
    plan = Plan(Project(app, lines))
    described = manifest(plan, version)
    return merged((*parts, _own(plan, described)))


def merged(parts: Sequence[Files]) -> Files:
    """Return all files; raises OverlapError if a path comes twice."""
    bundle: Files = {}
    for part in parts:
        twice = sorted(bundle.keys() & part.keys())
        if twice:
            raise OverlapError(f"two parts of the bundle bring {', '.join(twice)}")
        bundle |= part
    return dict(sorted(bundle.items()))


def _own(plan: Plan, described: AppManifest) -> Files:
    package = plan.project.names.package
    raw = msgspec.json.format(msgspec.json.encode(described), indent=2)
    return {
        MANIFEST_PATH: raw + b"\n",
        "README.md": _readme(described),
        f"{package}/__init__.py": _front(plan, described),
    }


def _front(plan: Plan, described: AppManifest) -> bytes:
    names = plan.project.names
    homes = {names.thing(t.name).cls: names.thing(t.name).module for t in plan.project.app.things}
    homes |= {names.root: "app", names.pages: "pages"}
    lines = sorted(f"from {names.package}.{homes[cls]} import {cls}" for cls in described.types)
    exported = sorted(described.types)
    text = rendered(
        "front.py.j2",
        app=plan.project.app.title,
        imports="\n".join(lines),
        types="\n".join(f'    "{cls}",' for cls in exported),
    )
    return text.encode()


def _readme(described: AppManifest) -> bytes:
    rows = [
        f"| {route.action} | `{route.method} {route.path}` | {', '.join(route.takes) or '-'} |"
        for route in described.routes
    ]
    pages = [f"- [{page.name}](/{described.name}{page.path})" for page in described.pages]
    return rendered(
        "README.md.j2",
        title=described.title,
        name=described.name,
        version=str(described.version),
        package=described.package,
        routes="\n".join(rows),
        pages="\n".join(pages) or "None.",
    ).encode()
