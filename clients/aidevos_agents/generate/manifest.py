"""The manifest of an app: what the app door must know of its routes, views, pages and forms."""

from __future__ import annotations

import re

from aidevos.doors.app_manifest import (
    AppManifest,
    FieldType,
    Form,
    Page,
    Target,
    View,
)
from aidevos.doors.app_manifest import Route as DoorRoute
from aidevos_agents.generate.kinds import door_type
from aidevos_agents.generate.pages_plan import PagePlan, form_name, page_plans
from aidevos_agents.generate.plan import MethodPlan, Plan
from aidevos_agents.generate.policy import grants
from aidevos_agents.generate.project import Project
from aidevos_agents.spec.model import Route, Take, Thing, action_words

_TEXT = FieldType(kind="text")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def manifest(plan: Plan, version: int) -> AppManifest:
    """Return the manifest of this version of the app."""
    project = plan.project
    names = project.names
    pages = page_plans(plan)
    types = (*(names.thing(thing.name).cls for thing in project.app.things), names.root)
    return AppManifest(
        name=project.app.name,
        title=project.app.title,
        version=version,
        package=names.package,
        types=(*types, names.pages) if pages else types,
        root_type=names.root,
        root_key=f"{{{project.app.name}}}app",
        key_prefix=f"{{{project.app.name}}}",
        routes=tuple(_route(plan, route) for route in project.routes),
        views={thing.name: _view(project, thing) for thing in project.app.things},
        pages=tuple(_page(plan, page) for page in pages),
        forms=_forms(plan, pages),
        policy=grants(plan),
    )


def _target(plan: Plan, method: MethodPlan) -> Target:
    on_thing = method.on_thing
    return Target(
        type=plan.owner(method),
        method=method.name,
        on="thing" if on_thing else "root",
        query=method.is_query,
    )


def _route(plan: Plan, route: Route) -> DoorRoute:
    project = plan.project
    thing = project.thing(route.action.thing)
    method = plan.target(route)
    bound = {bind.placeholder for bind in route.binds}
    own = [name for name in _PLACEHOLDER.findall(route.path) if name not in bound]
    return DoorRoute(
        method=route.method,
        path=route.path,
        action=action_words(route.action, thing),
        target=_target(plan, method),
        takes=_takes(project, thing, route),
        path_takes=dict.fromkeys((bind.placeholder for bind in route.binds), _TEXT),
        id_from=own[-1] if own else "id",
        status=route.status,
        gives=route.gives,
        view="" if route.gives == "nothing" else thing.name,
        location=_address(project, thing) if route.action.kind == "create" else "",
    )


def _takes(project: Project, thing: Thing, route: Route) -> dict[str, FieldType]:
    """Return what is read: a body's fields by kind, filters as text, for the method reads them."""
    fields = (project.field(thing, name) for name in route.takes)
    if route.action.kind == "list":
        return {field.name: FieldType(kind="text", label=field.name) for field in fields}
    creates = route.action.kind == "create"
    return {f.name: door_type(f, required=creates and f.required) for f in fields}


def _address(project: Project, thing: Thing) -> str:
    """Return the pattern of the thing's first show route, its placeholders named by fields."""
    for route in project.routes:
        if route.action.kind == "show" and route.action.thing == thing.name:
            fields = {bind.placeholder: bind.field for bind in route.binds}
            parts = _PLACEHOLDER.split(route.path)
            names = [f"{{{fields.get(name, 'id')}}}" for name in parts[1::2]]
            return "".join(p for pair in zip(parts[::2], [*names, ""], strict=True) for p in pair)
    return ""


def _view(project: Project, thing: Thing) -> View:
    address = _address(project, thing)
    fields = project.fields(thing)
    return View(
        fields=("id", *(field.name for field in fields)),
        links={f.name: address for f in fields if f.source == "address" and address},
        kinds={field.name: door_type(field) for field in fields},
    )


def _page(plan: Plan, page: PagePlan) -> Page:
    return Page(
        name=page.name,
        path=f"/{page.slug}",
        target=Target(plan.project.names.pages, page.method, "root", query=True),
        takes=dict.fromkeys(page.takes, _TEXT),
    )


def _forms(plan: Plan, pages: list[PagePlan]) -> tuple[Form, ...]:
    forms: dict[str, Form] = {}
    for page in pages:
        for offer in page.page.offers:
            method = plan.method(offer.action)
            name = form_name(plan.project, offer.action)
            forms.setdefault(
                name, Form(name=name, target=_target(plan, method), takes=_form_takes(plan, method))
            )
    return tuple(forms.values())


def _form_takes(plan: Plan, method: MethodPlan) -> dict[str, FieldType]:
    thing = plan.project.thing(method.action.thing)
    return {take.field: _form_type(plan.project, thing, method, take) for take in method.takes}


def _form_type(project: Project, thing: Thing, method: MethodPlan, take: Take) -> FieldType:
    field = project.field(thing, take.field)
    must = field.required or (method.action.kind == "custom" and take.required)
    changing = method.action.kind != "create"
    return door_type(field, required=must or (changing and field.default is not None))
