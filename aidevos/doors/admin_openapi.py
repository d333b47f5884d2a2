"""The OpenAPI document of the objects' HTTP/JSON, made from the exported schemas of the types."""

from collections.abc import Iterable
from typing import Any

from aidevos.core.turn import MethodInfo, TypeInfo

_KEY = {"name": "key", "in": "path", "required": True, "schema": {"type": "string"}}
_HEADERS = [
    {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "request_id: a repeat gets the first answer",
        "schema": {"type": "string", "maxLength": 128},
    },
    {
        "name": "If-Match",
        "in": "header",
        "description": "the version that the object must have, in quotes",
        "schema": {"type": "string"},
    },
]


def openapi(types: Iterable[TypeInfo], origin: str) -> dict[str, Any]:
    """Return the document."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for info in types:
        base = f"/v1/objects/{info.name}/{{key}}"
        state = _hoist(info.state, info.name, schemas)
        paths[base] = {"get": _get(info, state)}
        for method in info.methods:
            paths[f"{base}/{method.name}"] = {"post": _post(info, method, schemas)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "AIDevOS objects", "version": "1"},
        "servers": [{"url": origin}],
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _get(info: TypeInfo, state: dict[str, Any]) -> dict[str, Any]:
    body = {
        "type": "object",
        "properties": {
            "type": {"type": "string"},
            "key": {"type": "string"},
            "version": {"type": "integer"},
            "created_at": {"type": "string", "format": "date-time"},
            "updated_at": {"type": "string", "format": "date-time"},
            "state": state,
        },
    }
    return {
        "summary": info.doc.partition("\n")[0] or info.name,
        "operationId": f"get_{info.name}",
        "parameters": [_KEY],
        "responses": _responses(body),
    }


def _post(info: TypeInfo, method: MethodInfo, schemas: dict[str, Any]) -> dict[str, Any]:
    name = f"{info.name}.{method.name}"
    body = {
        "type": "object",
        "properties": {
            "version": {"type": "integer"},
            "reply": _hoist(method.returns, name, schemas),
            "repeated": {"type": "boolean"},
        },
    }
    params = _hoist(method.params, name, schemas)
    return {
        "summary": method.doc.partition("\n")[0] or method.name,
        "operationId": f"{info.name}_{method.name}",
        "x-aidevos-kind": method.kind,
        "parameters": [_KEY, *_HEADERS],
        "requestBody": {"content": {"application/json": {"schema": params}}},
        "responses": _responses(body),
    }


def _responses(body: dict[str, Any]) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": {"type": "object"}}}
    return {
        "200": {"description": "Done", "content": {"application/json": {"schema": body}}},
        "default": {"description": "Refused", "content": problem},
    }


def _hoist(schema: dict[str, Any], owner: str, schemas: dict[str, Any]) -> dict[str, Any]:
    """Return `schema` with its `$defs` moved to the document's components, under `owner`."""
    own = {name: value for name, value in schema.items() if name != "$defs"}
    for name, value in schema.get("$defs", {}).items():
        schemas[f"{owner}.{name}"] = _refer(value, owner)
    found: dict[str, Any] = _refer(own, owner)
    return found


def _refer(value: Any, owner: str) -> Any:
    if isinstance(value, list):
        return [_refer(item, owner) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: f"#/components/schemas/{owner}.{item.rpartition('/')[2]}"
        if name == "$ref"
        else _refer(item, owner)
        for name, item in value.items()
    }
