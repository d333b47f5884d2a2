"""What a generated app tells the app door: its routes, forms, pages and views. Data, never code.

A bundle is a mapping of paths to bytes. `app.json` in it is an `AppManifest`; all its Python
runs in a jailed worker only. The app door serves the routes under `/{name}/api` and the pages
under `/{name}/`, and knows nothing else of the app.
"""

from typing import Literal

import msgspec

Gives = Literal["one", "many", "nothing"]


class FieldType(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a form's or a query string's text becomes JSON: by `kind`."""

    kind: Literal["text", "integer", "number", "boolean", "choice", "list", "time", "date", "link"]
    choices: tuple[str, ...] = ()
    required: bool = False
    label: str = ""


class Target(msgspec.Struct, frozen=True):
    """Which object runs the method: the app's root object, or the thing named by `{id}`."""

    type: str
    method: str
    on: Literal["root", "thing"]
    query: bool = False


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the spec's API table (or one default route)."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    """Below `/{app}/api`, as the spec writes it, for example `/todos/{id}`."""
    action: str
    """The author's words, for example `add a todo`."""
    target: Target
    takes: dict[str, FieldType] = {}
    """Names read from the JSON body (changes) or the query string (GET); others are ignored."""
    path_takes: dict[str, FieldType] = {}
    """Placeholders of the path other than the thing's id that are passed as arguments."""
    status: int = 200
    gives: Gives = "one"
    view: str = ""
    """Key into `views`; empty when it gives nothing."""
    paged: bool = False
    location: str = ""
    """Route pattern of the created thing for the Location header, for example `/todos/{id}`."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A thing as JSON: `links` maps a link field to the route pattern of its address."""

    fields: tuple[str, ...]
    links: dict[str, str] = {}


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """An action offered on a page: a plain HTML form posts to `/{app}/do/{name}`."""

    name: str
    target: Target
    takes: dict[str, FieldType] = {}


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page: `target` is a root query that replies `{"html": "..."}`, rendered in the jail.

    Query-string values named in `takes` are passed as arguments, and always
    `base` (the app's path prefix, `/{app}`), `api` (absolute address of the API) and
    `problem` (text of a refused form, or empty).
    """

    name: str
    path: str
    """Below `/{app}`, for example `/open-todos`; the first page is also `/`."""
    target: Target
    takes: dict[str, FieldType] = {}


class AppManifest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the app door and the deployer need to know of one app version."""

    name: str
    """1 to 63 of a-z, 0-9 and -, from the spec's title; first segment of every address."""
    title: str
    version: int
    package: str
    """Python package of the bundle that defines the types, for example `todo_app`."""
    types: tuple[str, ...]
    root_type: str
    root_key: str
    """For example `{todo}app`; a thing's key is `{todo}` + its id."""
    key_prefix: str
    """For example `{todo}`."""
    routes: tuple[Route, ...]
    views: dict[str, View]
    pages: tuple[Page, ...] = ()
    forms: tuple[Form, ...] = ()
    policy: tuple["Grant", ...] = ()


class Grant(msgspec.Struct, frozen=True):
    """One allowance; whatever no grant allows is denied. `role` is `anyone` for everybody."""

    role: str
    type: str
    method: str


MANIFEST_PATH = "app.json"


def decode_manifest(raw: bytes) -> AppManifest:
    """Return the manifest in `raw`; raises msgspec.ValidationError with the place."""
    return msgspec.json.decode(raw, type=AppManifest)
