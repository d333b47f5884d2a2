"""A deployed app's manifest -> its contract: one rpc per action of its API. Pure.

Routes of one method are one rpc with the fields of all of them. Views are the messages; the
address of a thing is the path on the apps' listener, for gRPC knows no origin. Money is decimal
text, as in the HTTP API. Filters of lists are text, as in a query string.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as made_by

from msgspec.structs import replace

from aidevos.doors.app_manifest import AppManifest, FieldType, Route, View
from aidevos.doors.typed.contract import (
    KEY,
    NEXT_PAGE_TOKEN,
    PAGE_SIZE,
    PAGE_TOKEN,
    Contract,
    Enum,
    EnumValue,
    Field,
    Message,
    Rpc,
)
from aidevos.doors.typed.names import Names, camel, field_name, package_of, upper
from aidevos.doors.typed.platform import (
    REQUEST_NAMES,
    request_message,
    response_message,
    watch_twins,
)
from aidevos.doors.typed.schemas import TIMESTAMP
from aidevos.doors.typed.shapes import value_name

_ID = Field(name="id", type="string", number=KEY, required=True, doc="Which one. Required.")
_PAGING = (
    Field(
        name="page_size",
        type="int64",
        number=PAGE_SIZE,
        doc="At most so many, 1 to 1000. Default: all.",
    ),
    Field(
        name="page_token",
        type="string",
        number=PAGE_TOKEN,
        doc="Goes on where the page before ended: its next_page_token.",
    ),
)
_NEXT = Field(
    name="next_page_token",
    type="string",
    number=NEXT_PAGE_TOKEN,
    doc="For the next page; not set on the last one.",
)
_SCALARS = {"integer": "int64", "number": "double", "boolean": "bool"}
_SHOWN = {"date": "A date, such as 2026-11-25."}


def contract_of_app(app: AppManifest) -> Contract:
    """Return the contract of an app, without numbers."""
    made = _Contract(app)
    rpcs = [made.rpc(routes) for routes in _by_method(app.routes)]
    return Contract(
        package=package_of(app.name),
        service=made.service,
        rpcs=(*rpcs, *watch_twins(rpcs)),
        messages=(*made.messages, *made.view_messages.values()),
        enums=tuple(made.enums),
        doc=f"{app.title}. The same actions are served over HTTP below /{app.name}/api.",
    )


def _by_method(routes: Iterable[Route]) -> list[list[Route]]:
    found: dict[tuple[str, str], list[Route]] = {}
    for route in routes:
        found.setdefault((route.target.type, route.target.method), []).append(route)
    return list(found.values())


@dataclass
class _Contract:
    """A contract in the making."""

    app: AppManifest
    messages: list[Message] = made_by(default_factory=list)
    view_messages: dict[str, Message] = made_by(default_factory=dict)
    enums: list[Enum] = made_by(default_factory=list)

    def __post_init__(self) -> None:
        self.service = f"{camel(self.app.name)}Service"
        self._names, self._rpcs = Names(self.service), Names()

    def rpc(self, routes: list[Route]) -> Rpc:
        """Return the rpc of one method, its messages collected."""
        first = routes[0]
        title = self._rpcs.free(camel(first.target.method))
        request, response = (self._names.free(title + kind) for kind in ("Request", "Response"))
        many = first.gives == "many"
        key = (_ID,) if first.target.on == "thing" else ()
        own = self._takes(request, routes)
        rpc = Rpc(
            name=title,
            request=request,
            response=response,
            type=first.target.type,
            method=first.target.method,
            on=first.target.on,
            query=first.target.query,
            paged=many,
            links=self.app.views[first.view].links if first.view else {},
            doc=_doc(self.app, routes),
        )
        paging, following = (_PAGING, (_NEXT,)) if many else ((), ())
        self.messages.append(request_message(rpc, (*key, *paging), own))
        self.messages.append(response_message(rpc, (*following, *self._gives(first))))
        return rpc

    def _takes(self, owner: str, routes: list[Route]) -> tuple[Field, ...]:
        taken: dict[str, tuple[FieldType, bool]] = {}
        for route in routes:
            taken |= {name: (kind, False) for name, kind in route.takes.items()}
        for route in routes:
            taken |= {name: (kind, True) for name, kind in route.path_takes.items()}
        on_thing = routes[0].target.on == "thing"
        platform = ("id", *REQUEST_NAMES) if on_thing else REQUEST_NAMES
        names, made = Names(*platform), []
        for json, (kind, in_path) in taken.items():
            required = kind.required or in_path
            field = self._field(owner, json, kind)
            name = f"arg_{field.name}" if field.name in platform else field.name
            doc = "\n".join(filter(None, (field.doc, "Required." if required else "")))
            clear = on_thing and not required and not routes[0].target.query
            made.append(
                replace(field, name=names.free(name), required=required, nullable=clear, doc=doc)
            )
        return tuple(made)

    def _gives(self, route: Route) -> tuple[Field, ...]:
        if route.gives == "nothing":
            return ()
        type_name = self._view(route.view)
        if route.gives == "one":
            return (Field(name="result", json="result", kind="message", type=type_name),)
        return (
            Field(name="results", json="results", kind="message", type=type_name, label="many"),
        )

    def _view(self, name: str) -> str:
        if name not in self.view_messages:
            own = self._names.free(camel(name))
            view, names = self.app.views[name], Names()
            fields = tuple(self._shown(own, json, view, names) for json in view.fields)
            self.view_messages[name] = Message(name=own, fields=fields, doc=f"One {name}.")
        return self.view_messages[name].name

    def _shown(self, owner: str, json: str, view: View, names: Names) -> Field:
        made = self._field(owner, json, view.kinds.get(json, FieldType(kind="text")))
        doc = made.doc
        if json in view.links:
            doc = f"Its path on the apps' HTTP listener: /{self.app.name}/api{view.links[json]}."
        return replace(made, name=names.free(made.name), doc=doc)

    def _field(self, owner: str, json: str, kind: FieldType) -> Field:
        name = field_name(json)
        if kind.kind == "time":
            return Field(name=name, json=json, kind="message", type=TIMESTAMP)
        if kind.kind == "choice" and kind.choices:
            return Field(name=name, json=json, kind="enum", type=self._enum(json, owner, kind))
        if kind.kind == "list":
            return Field(name=name, json=json, type="string", label="many")
        scalar, doc = _SCALARS.get(kind.kind, "string"), _SHOWN.get(kind.kind, "")
        return Field(name=name, json=json, type=scalar, doc=doc)

    def _enum(self, json: str, owner: str, kind: FieldType) -> str:
        """Return the enum of these choices: fields of one name and choices share it."""
        wanted = camel(json)
        for enum in self.enums:
            if tuple(value.json for value in enum.values) == kind.choices and wanted in enum.name:
                return enum.name
        own = self._names.free(wanted)
        names = Names(f"{upper(own)}_UNSPECIFIED")
        values = tuple(
            EnumValue(name=names.free(f"{upper(own)}_{value_name(choice)}"), json=choice)
            for choice in kind.choices
        )
        self.enums.append(Enum(name=own, values=values, doc=f"What {json} can be."))
        return own


def _doc(app: AppManifest, routes: list[Route]) -> str:
    action = routes[0].action
    lines = [f"{action[:1].upper()}{action[1:]}."]
    lines += [f"Over HTTP: {route.method} /{app.name}/api{route.path}." for route in routes]
    return "\n".join(lines)
