"""A generated app's bundle under the real server (`--bundle`): in the jail, through kill -9."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec

from aidevos.doors.app_manifest import AppManifest, FieldType, Grant, Page, Route, Target, View

FREE = ("--http=127.0.0.1:0", "--admin=127.0.0.1:0", "--grpc=127.0.0.1:0")
TYPES = """
import aidevos
from aidevos import DurableObject, apply, command, query
from aidevos.objects.html import render


class Noted(aidevos.Event):
    text: str


class NoteApp(DurableObject):
    class State(aidevos.State):
        notes: list[str] = []

    state: State

    @command
    def add(self, text: str) -> dict[str, str]:
        self.emit(Noted(text=text))
        return {"id": str(len(self.state.notes)), "text": text}

    @query
    def all(self) -> list[dict[str, str]]:
        return [{"id": str(n + 1), "text": text} for n, text in enumerate(self.state.notes)]

    @query
    def page(self, base: str, api: str, problem: str) -> dict[str, str]:
        return {"html": render("pages/all.html", notes=self.state.notes, problem=problem)}

    @query
    def spy(self) -> dict[str, str]:
        return {"id": "1", "text": open("/etc/passwd").read()}

    @apply
    def _noted(self, event: Noted) -> None:
        self.state.notes = [*self.state.notes, event.text]
"""
PAGE = "<main><ul data-count='{{ notes|length }}'>{% for n in notes %}<li>{{ n }}</li>{% endfor %}"


def target(method: str, *, query: bool = False) -> Target:
    return Target("NoteApp", method, "root", query)


MANIFEST = AppManifest(
    name="notes", title="Notes", version=1, package="notes_app", types=("NoteApp",),
    root_type="NoteApp", root_key="{notes}app", key_prefix="{notes}",
    routes=(
        Route(method="POST", path="/notes", action="add a note", target=target("add"),
              takes={"text": FieldType(kind="text", required=True)}, status=201, view="note"),
        Route(method="GET", path="/notes", action="list notes", target=target("all", query=True),
              gives="many", view="note"),
        Route(method="GET", path="/spy", action="spy", target=target("spy", query=True),
              view="note"),
    ),
    views={"note": View(fields=("id", "text"))},
    pages=(Page(name="All", path="/all", target=target("page", query=True)),),
    policy=(Grant("anyone", "NoteApp", "*"),),
)  # fmt: skip


def write_bundle(directory: Path) -> None:
    files = {
        "app.json": msgspec.json.encode(MANIFEST),
        "notes_app/__init__.py": TYPES.encode(),
        "pages/all.html": PAGE.encode(),
    }
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@contextmanager
def serving(bundle: Path, data: Path) -> Iterator[tuple["subprocess.Popen[str]", httpx.Client]]:
    command = [sys.executable, "-m", "aidevos_standalone", "--data", str(data), *FREE]
    process = subprocess.Popen(
        [*command, "--bundle", str(bundle)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready["event"] == "ready", ready
        with httpx.Client(base_url=f"{ready['addresses']['http']}/notes", timeout=20) as http:
            yield process, http
    finally:
        process.kill()
        process.communicate()


def test_a_bundle_is_served_in_the_jail_and_outlives_kill_9(tmp_path: Path) -> None:
    bundle, data = tmp_path / "bundle", tmp_path / "data"
    write_bundle(bundle)
    with serving(bundle, data) as (process, http):
        assert http.post("/api/notes", json={"text": "<milk>"}).status_code == 201
        spied = http.get("/api/spy")
        assert spied.status_code >= 400
        assert "root:" not in spied.text
        process.send_signal(signal.SIGKILL)
        process.wait()
    with serving(bundle, data) as (process, http):
        assert http.get("/api/notes").json() == [{"id": "1", "text": "<milk>"}]
        page = http.get("/")
        assert "<li>&lt;milk&gt;</li>" in page.text
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_a_bundle_that_does_not_load_is_told_and_nothing_is_served(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    write_bundle(bundle)
    (bundle / "notes_app" / "__init__.py").write_text("import socket\n\nthis is no Python\n")
    command = [sys.executable, "-m", "aidevos_standalone", "--data", str(tmp_path / "data"), *FREE]
    done = subprocess.run(
        [*command, "--bundle", str(bundle)], capture_output=True, text=True, timeout=20, check=False
    )
    told = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, told["event"], told["reason"]) == (5, "error", "FAILED_PRECONDITION")
    assert "notes_app" in told["message"]
