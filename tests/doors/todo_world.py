"""A real host on memory with the todo app, and the app door in front of it, in this process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from aidevos_host.catalog import Service
from aidevos_host.config import HostConfig
from aidevos_host.host import Host
from aidevos_host.policy import OPEN, ServicePolicy
from todo_types import Todo, TodoApp

from aidevos.doors.app import AppDoor
from aidevos.doors.app_manifest import (
    AppManifest,
    FieldType,
    Form,
    Page,
    Route,
    Target,
    View,
)
from aidevos.objects.executor import InProcessExecutor
from aidevos.storage.log import ShardLog
from aidevos.storage.memory import MemoryStore

TEXT, NUMBER, WHOLE, YES_NO = (
    FieldType(kind="text", required=True),
    FieldType(kind="number"),
    FieldType(kind="integer"),
    FieldType(kind="boolean"),
)


def root(method: str, *, query: bool = False) -> Target:
    return Target("TodoApp", method, "root", query)


def thing(method: str, *, query: bool = False) -> Target:
    return Target("Todo", method, "thing", query)


def route(method: str, path: str, target: Target, **more: Any) -> Route:
    return Route(method=method, path=path, action="do it", target=target, view="todo", **more)


TAKES = {"title": TEXT, "order": WHOLE, "price": NUMBER}
CHANGES = {"title": TEXT, "order": WHOLE, "completed": YES_NO}
MANIFEST = AppManifest(
    name="todo",
    title="Todo & Co",
    version=1,
    package="todo_app",
    types=("TodoApp", "Todo"),
    root_type="TodoApp",
    root_key="{todo}app",
    key_prefix="{todo}",
    routes=(
        route("POST", "/todos", root("add_todo"), takes=TAKES, status=201, location="/todos/{id}"),
        route(
            "GET",
            "/todos",
            root("list_todos", query=True),
            takes={"completed": YES_NO},
            gives="many",
        ),
        route("DELETE", "/todos", root("delete_todos"), status=204, gives="nothing"),
        route("GET", "/todos/{id}", thing("show", query=True)),
        route("PATCH", "/todos/{id}", thing("change"), takes=CHANGES),
        route("DELETE", "/todos/{id}", thing("remove"), status=204, gives="nothing"),
        route("POST", "/todos/{id}/finish", thing("finish")),
        route("GET", "/todos/{id}/broken", thing("broken", query=True)),
    ),
    views={
        "todo": View(
            fields=("id", "title", "completed", "order", "price", "url"),
            links={"url": "/todos/{id}"},
        )
    },
    pages=(
        Page(
            name="All",
            path="/all",
            target=root("page_todos", query=True),
            takes={"completed": YES_NO},
        ),
    ),
    forms=(
        Form(name="add", target=root("add_todo"), takes=TAKES),
        Form(name="change", target=thing("change"), takes=CHANGES),
        Form(name="finish", target=thing("finish")),
    ),
)


@dataclass
class TodoWorld:
    """The host, the door, and a client of its API (`/todo/api` is the base address)."""

    host: Host
    door: AppDoor
    api: httpx.AsyncClient
    web: httpx.AsyncClient

    async def add(self, title: str, **more: Any) -> dict[str, Any]:
        """Add a todo and return it."""
        made = await self.api.post("/todos", json={"title": title, **more})
        assert made.status_code == 201, made.text
        return dict(made.json())


@asynccontextmanager
async def todo_world(policy: ServicePolicy = OPEN) -> AsyncIterator[TodoWorld]:
    """Serve the todo app."""
    host = Host(ShardLog(MemoryStore()), HostConfig(shard_count=2))
    executor = InProcessExecutor((TodoApp, Todo))
    host.catalog.install(Service("default", "todo", 1, executor, policy))
    await host.start()
    door = AppDoor(host)
    door.install(MANIFEST)
    transport = httpx.ASGITransport(app=door)
    api = httpx.AsyncClient(transport=transport, base_url="http://apps.test:8080/todo/api")
    web = httpx.AsyncClient(transport=transport, base_url="http://apps.test:8080")
    async with api, web:
        yield TodoWorld(host, door, api, web)
    await host.stop()
