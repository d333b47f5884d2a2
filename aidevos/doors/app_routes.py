"""Finds the route of a request: patterns like `/todos/{id}`, matched segment by segment.

A resource is a shape of path; a literal segment wins over a placeholder, from left to right.
"""

from collections.abc import Iterable, Mapping
from urllib.parse import quote

from aidevos.doors.app_manifest import Route

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""The order in which Allow names them."""


class Resource:
    """All routes of one shape of path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Take routes whose patterns differ in the names of placeholders at most."""
        self.routes: dict[str, Route] = {route.method: route for route in routes}
        offered = {*self.routes, "OPTIONS"} | ({"HEAD"} if "GET" in self.routes else set())
        self.allowed = tuple(method for method in METHODS if method in offered)


class RouteTable:
    """The routes of one app."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Group them by shape."""
        shapes: dict[tuple[str, ...], list[Route]] = {}
        for route in routes:
            shapes.setdefault(_shape(parts(route.path)), []).append(route)
        self._resources = {shape: Resource(group) for shape, group in shapes.items()}
        self._by_length: dict[int, list[tuple[str, ...]]] = {}
        for shape in sorted(shapes, key=lambda shape: [part == "" for part in shape]):
            if "" in shape:
                self._by_length.setdefault(len(shape), []).append(shape)

    def find(self, segments: tuple[str, ...]) -> Resource | None:
        """Return the resource at a path, or None."""
        exact = self._resources.get(segments)
        if exact is not None and "" not in segments:
            return exact
        for shape in self._by_length.get(len(segments), ()):
            if all(
                part in ("", given) and given for part, given in zip(shape, segments, strict=True)
            ):
                return self._resources[shape]
        return None


class Pattern:
    """A path that is filled in: for links and Location."""

    def __init__(self, path: str) -> None:
        """Read `path`, for example `/shelves/{shelf}/books/{id}`."""
        self._parts = [(_name(part), part) for part in parts(path)]
        self.names = tuple(name for name, _ in self._parts if name)

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the path with its placeholders replaced; KeyError for one that is missing."""
        return "".join(
            "/" + (quote(values[name], safe="") if name else part) for name, part in self._parts
        )


def parts(path: str) -> tuple[str, ...]:
    """Return the segments of a pattern; a trailing slash makes none."""
    return tuple(path.strip("/").split("/")) if path.strip("/") else ()


def placeholders(route: Route, segments: tuple[str, ...]) -> dict[str, str]:
    """Return what the placeholders of `route` are in a path that it matches."""
    pairs = zip(parts(route.path), segments, strict=True)
    return {name: given for part, given in pairs if (name := _name(part))}


def _shape(pattern: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("" if _name(part) else part for part in pattern)


def _name(part: str) -> str:
    return part[1:-1] if part.startswith("{") and part.endswith("}") else ""
