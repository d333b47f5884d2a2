"""Which route a request asks for: literal segments before placeholders, one trailing slash."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from aidevos_agents.spec.model import Route


@dataclass(frozen=True, slots=True)
class Asked:
    """The routes of the path that was asked for, and its decoded segments."""

    routes: tuple[Route, ...]
    segments: list[str]

    @property
    def methods(self) -> frozenset[str]:
        """The methods of the spec at this path."""
        return frozenset(route.method for route in self.routes)

    def route(self, method: str) -> Route | None:
        """Return the route of this method; HEAD is GET."""
        wanted = "GET" if method == "HEAD" else method
        return next((route for route in self.routes if route.method == wanted), None)

    def parts(self, route: Route) -> dict[str, str]:
        """Return what the placeholders of a route stand for."""
        names = route.path.removesuffix("/").split("/")[1:]
        return {
            name[1:-1]: segment
            for name, segment in zip(names, self.segments, strict=True)
            if name.startswith("{")
        }


class Table:
    """The routes by the shape of their paths."""

    def __init__(self, routes: tuple[Route, ...]) -> None:
        shapes: dict[tuple[str, ...], list[Route]] = {}
        for route in routes:
            shapes.setdefault(_shape(route.path), []).append(route)
        # Sorted so that a literal segment comes before a placeholder.
        self._shapes = sorted(shapes.items(), key=lambda pair: [part == "{}" for part in pair[0]])

    def find(self, path: str) -> Asked | None:
        """Return the routes at a path below the app's API, None if there are none."""
        segments = _segments(path)
        for shape, routes in self._shapes:
            if _fits(shape, segments):
                return Asked(tuple(routes), segments)
        return None


def _segments(path: str) -> list[str]:
    return [unquote(part) for part in path.removesuffix("/").split("/")[1:]]


def _shape(path: str) -> tuple[str, ...]:
    parts = path.removesuffix("/").split("/")[1:]
    return tuple("{}" if part.startswith("{") else part for part in parts)


def _fits(shape: tuple[str, ...], segments: list[str]) -> bool:
    return len(shape) == len(segments) and all(
        segment != "" if part == "{}" else part == segment
        for part, segment in zip(shape, segments, strict=True)
    )
