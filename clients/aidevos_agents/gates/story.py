"""The changes asked so far, and the short script of them that leads to a failure."""

from __future__ import annotations

import re

LINES_MAX = 5
ASKED_MAX = 110
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{22}")


class Story:
    """Remembers each change with its answer."""

    def __init__(self) -> None:
        self._told: list[tuple[str, str]] = []

    def add(self, asked: str, answered: str) -> None:
        """Remember one change."""
        self._told.append((asked, answered))

    def leading_to(self, asked: str) -> str:
        """Return the last changes that speak of the ids in `asked`; if it has none, the last."""
        ids = set(_ID.findall(asked))
        kept: list[str] = []
        for one, answered in reversed(self._told):
            if len(kept) == LINES_MAX:
                break
            if not ids or ids & set(_ID.findall(one + answered)):
                ids |= set(_ID.findall(one)) if ids else set()
                kept.append(f"{one[:ASKED_MAX]} -> {answered[:3]}" if answered else one)
        return " | ".join(reversed(kept))
