"""What an app offers, for programs: a short index of its routes and an OpenAPI document."""

from typing import Any

from aidevos.doors.app_manifest import AppManifest, FieldType, Route, View
from aidevos.doors.app_routes import parts

_SCHEMAS: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "choice": {"type": "string"},
    "list": {"type": "array", "items": {"type": "string"}},
    "time": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "link": {"type": "string", "format": "uri"},
}
_PROBLEM = {
    "description": "Refused",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def api_index(app: AppManifest, base: str) -> dict[str, Any]:
    """Return the app's routes with what each does, takes and gives."""
    routes = [
        {
            "method": route.method,
            "url": base + route.path,
            "action": route.action,
            "takes": list(route.takes),
            "gives": route.gives,
            "status": route.status,
        }
        for route in app.routes
    ]
    return {
        "name": app.name,
        "title": app.title,
        "version": app.version,
        "openapi": f"{base}/openapi.json",
        "routes": routes,
    }


def openapi(app: AppManifest, base: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the app's routes."""
    paths: dict[str, dict[str, Any]] = {}
    for route in app.routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    views = {name: _view(view) for name, view in app.views.items()}
    return {
        "openapi": "3.1.0",
        "info": {"title": app.title, "version": str(app.version)},
        "servers": [{"url": base}],
        "paths": paths,
        "components": {"schemas": {**views, "Problem": _problem()}},
    }


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.action,
        "operationId": f"{route.method.lower()}_{'_'.join(parts(route.path))}".translate(_PLAIN),
        "parameters": [*_path_parameters(route), *_query_parameters(route)],
        "responses": {str(route.status): _success(route), "default": _PROBLEM},
    }
    if route.method in ("POST", "PUT", "PATCH") and route.takes:
        operation["requestBody"] = {"content": {"application/json": {"schema": _object(route)}}}
    return operation


_PLAIN = str.maketrans("-.{}", "____")


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in parts(route.path) if part.startswith("{")]
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in names
    ]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    if route.method != "GET":
        return []
    takes = {name: _schema(kind) for name, kind in route.takes.items()}
    if route.gives == "many":
        takes["limit"] = {"type": "integer", "minimum": 1, "maximum": 1000}
        takes["cursor"] = {"type": "string"}
    return [{"name": name, "in": "query", "schema": schema} for name, schema in takes.items()]


def _success(route: Route) -> dict[str, Any]:
    if route.gives == "nothing":
        return {"description": "Done"}
    schema: dict[str, Any] = {"$ref": f"#/components/schemas/{route.view}"}
    if route.gives == "many":
        schema = {"type": "array", "items": schema}
    return {"description": "Done", "content": {"application/json": {"schema": schema}}}


def _object(route: Route) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: _schema(kind) for name, kind in route.takes.items()},
    }
    required = [name for name, kind in route.takes.items() if kind.required]
    return {**schema, "required": required} if required else schema


def _view(view: View) -> dict[str, Any]:
    kinds = {name: view.kinds.get(name, FieldType(kind="text")) for name in view.fields}
    return {
        "type": "object",
        "properties": {
            name: _schema(FieldType(kind="link") if name in view.links else kind)
            for name, kind in kinds.items()
        },
        "required": list(view.fields),
    }


def _schema(kind: FieldType) -> dict[str, Any]:
    schema = dict(_SCHEMAS[kind.kind])
    if kind.choices:
        schema["enum"] = list(kind.choices)
    if not kind.required:
        schema["type"] = [schema["type"], "null"]
        if kind.choices:
            schema["enum"] = [*kind.choices, None]
    return schema


def _problem() -> dict[str, Any]:
    text = {"type": "string"}
    wrong = {"type": "object", "properties": {"field": text, "reason": text, "detail": text}}
    return {
        "type": "object",
        "properties": {
            "type": text,
            "title": text,
            "status": {"type": "integer"},
            "detail": text,
            "reason": text,
            "errors": {"type": "array", "items": wrong},
        },
    }
