"""What a generated app tells the app door: its routes, forms, pages and views. Data, never code.

A bundle is a mapping of paths to bytes. `app.json` in it is an `AppManifest`; all its Python
runs in a jailed worker only. The app door serves the routes under `/{name}/api` and the pages
under `/{name}/`, and knows nothing else of the app. What its methods are given and give back:

- Arguments: one JSON object of the names in `takes` and `path_takes`. A body's values pass as they
  came, byte for byte (a number keeps its digits); absent names stay absent, null stays null. What
  the JSON type of a value is, the method judges (TYPE). Query-string and form text becomes JSON by
  its `FieldType`, see there.
- Replies: `one` a JSON object of a thing with at least the fields of its view (absent optionals may
  be left out: they are shown as null), `many` an array of them, already filtered and sorted, all of
  them: the door cuts pages (`limit`, `cursor`). A page's query gives `{"html": "..."}`.
- Refusals: AidevosErrors. InvalidArgument 422, NotFound 404, AlreadyExists and FailedPrecondition
  409; their violations become `errors`.
"""

from typing import Literal

import msgspec

Gives = Literal["one", "many", "nothing"]


class FieldType(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a form's or a query string's text becomes JSON: by `kind`.

    integer, number: the digits as they are. boolean: true/yes/on/1, false/no/off/0. list: every
    value of the name, in forms also one per line. time in forms without a zone: UTC. All else is
    passed as text; money, ids and parents are of kind `text`.
    Query string: an empty value is absent; text that does not fit is refused with TYPE.
    Form: text that does not fit is passed as text, so that the method names the field. An empty
    value is `""` for a required text, null for another required field; of a field that is not
    required it is absent in a root's form, null (cleared) in a thing's.
    """

    kind: Literal["text", "integer", "number", "boolean", "choice", "list", "time", "date", "link"]
    choices: tuple[str, ...] = ()
    required: bool = False
    label: str = ""


class Target(msgspec.Struct, frozen=True):
    """Which object runs the method: the one at the root key, or the thing that the caller names.

    An app may have several types at its root key: one for its actions, one for its pages.
    A thing is named by the route's placeholder `id_from`, by a form's field `id`. One that is not
    there is answered with 404 before the method runs.
    """

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
    """Placeholders of the path other than `id_from` that are passed as arguments, as text."""
    id_from: str = "id"
    """With a target on a thing: the placeholder that is its id."""
    status: int = 200
    gives: Gives = "one"
    view: str = ""
    """Key into `views`; empty when it gives nothing."""
    location: str = ""
    """Route pattern of the created thing for the Location header, for example `/todos/{id}`.

    Its placeholders, as those of a view's links, are fields of the thing in the reply.
    """


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A thing as JSON: `links` maps a link field to the route pattern of its address."""

    fields: tuple[str, ...]
    """All that is shown, in this order: `id` first, then parents, then the spec's fields."""
    links: dict[str, str] = {}
    """Their values are made from the request, never asked of the method."""
    kinds: dict[str, FieldType] = {}
    """What the fields are, for the OpenAPI document alone; those without an entry are text."""


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """An action offered on a page: a plain HTML form posts to `{base}/do/{name}`.

    Done: 303 to the page it came from. Refused: that page again, with `problem`. The page it came
    from is the one named by `?from={page name}` in the form's action, else by Referer.
    """

    name: str
    target: Target
    takes: dict[str, FieldType] = {}


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page: `target` is a root query that replies `{"html": "..."}`, rendered in the jail.

    Query-string values named in `takes` are passed as arguments, and always
    `base` (the app's path prefix, `/{app}`), `api` (absolute address of the API) and
    `problem` (text of a refused form, or empty). `takes` values that do not fit are left out and
    told as the problem. NotFoundError is a 404 page. The CSP allows styles in `<style>` elements
    and nothing else: no scripts, no style attributes, no images or styles from elsewhere.
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
