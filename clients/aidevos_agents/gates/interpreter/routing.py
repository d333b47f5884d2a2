"""Which route a request asks for: literal segments before placeholders, one trailing slash."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from aidevos_agents.spec.model import Route


@dataclass(frozen=True, slots=True)
class Asked:
    """The routes of the path that was asked for, and what its placeholders stand for."""

    routes: tuple[Route, ...]
    parts: dict[str, str]

    @property
    def methods(self) -> frozenset[str]:
        """The methods of the spec at this path."""
        return frozenset(route.method for route in self.routes)

    def route(self, method: str) -> Route | None:
        """Return the route of this method; HEAD is GET."""
        wanted = "GET" if method == "HEAD" else method
        return next((route for route in self.routes if route.method == wanted), None)


def find(routes: tuple[Route, ...], path: str) -> Asked | None:
    """Return the routes at a path below the app's API, None if there are none."""
    segments = _segments(path)
    patterns = {route.path: _segments(route.path) for route in routes}
    fitting = [path for path, pattern in patterns.items() if _fits(pattern, segments)]
    if not fitting:
        return None
    best = min(fitting, key=lambda path: [_is_open(part) for part in patterns[path]])
    parts = {
        part[1:-1]: unquote(segment)
        for part, segment in zip(patterns[best], segments, strict=True)
        if _is_open(part)
    }
    return Asked(tuple(route for route in routes if _shape(route.path) == _shape(best)), parts)


def _segments(path: str) -> list[str]:
    return path.removesuffix("/").split("/")[1:]


def _is_open(part: str) -> bool:
    return part.startswith("{")


def _shape(path: str) -> list[str]:
    return ["{}" if _is_open(part) else part for part in _segments(path)]


def _fits(pattern: list[str], segments: list[str]) -> bool:
    return len(pattern) == len(segments) and all(
        segment != "" if _is_open(part) else part == unquote(segment)
        for part, segment in zip(pattern, segments, strict=True)
    )
