"""Where a page is: the slug of its name."""

from __future__ import annotations

import re


def page_path(name: str) -> str:
    """Return the path of a page below `/{app}`."""
    return "/" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
