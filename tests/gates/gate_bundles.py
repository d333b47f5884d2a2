"""What the generators make of an app model."""

from aidevos_agents.generate import backend, devops, frontend, security
from aidevos_agents.spec.model import App


def bundle_of(app: App) -> dict[str, bytes]:
    """Return the bundle of an app that no spec text says: its code names no lines."""
    parts = [backend(app, {}), frontend(app, {}), security(app)]
    return dict(devops(app, {}, parts, 1))
