"""Generated code is what a person would sign: formatted, linted, typed, and it stays in place."""

import difflib
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import app_samples as samples
import msgspec
import pytest
from aidevos_agents.generate import OverlapError, backend, devops, frontend
from aidevos_agents.spec.model import App, Field
from aidevos_testing.apps import apps
from app_world import bundle_of, load, write
from hypothesis import HealthCheck, Phase, given, settings

from aidevos.doors.app_manifest import decode_manifest
from aidevos.objects.runner import Runner

ROOT = Path(__file__).parents[2]
RANDOM_APPS = 25
GOLDEN = Path(__file__).parent / "golden"
RUFF = """
extend = "{root}/pyproject.toml"
[lint.isort]
known-third-party = ["aidevos"]
known-first-party = [{packages}]
"""


def runner(module: ModuleType, types: Sequence[str]) -> Runner:
    return Runner([getattr(module, name) for name in types], lambda where, trace: None)


def ruff(folder: Path, *command: str) -> str:
    packages = sorted(path.parent.name for path in folder.glob("*/*_app/__init__.py"))
    config = folder / "ruff.toml"
    config.write_text(RUFF.format(root=ROOT, packages=", ".join(f'"{p}"' for p in packages)))
    words = [sys.executable, "-m", "ruff", *command, "--no-cache", "--config", str(config)]
    done = subprocess.run([*words, str(folder)], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def random_apps() -> list[App]:
    """Return random models, always the same ones: every third, for neighbours are much alike."""
    found: list[App] = []

    @settings(
        max_examples=3 * RANDOM_APPS,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(apps())
    def collect(app: App) -> None:
        found.append(app)

    collect()
    return found[::3]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hold the bundles of the samples and of random apps, each renamed to a package of its own."""
    folder = tmp_path_factory.mktemp("bundles")
    for name, make in samples.ALL.items():
        write(bundle_of(make(), samples.TODO_LINES), folder / name)
    for number, app in enumerate(random_apps()):
        renamed = msgspec.structs.replace(app, name=f"{app.name}-{number}")
        write(bundle_of(renamed), folder / f"random{number}")
    return folder


def test_every_bundle_loads(folder: Path) -> None:
    for place in sorted(folder.iterdir()):
        if place.is_dir():
            manifest = decode_manifest((place / "app.json").read_bytes())
            module = load(manifest.package, place)
            assert {t.name for t in runner(module, manifest.types).types} == set(manifest.types)


def test_generated_code_needs_no_formatter(folder: Path) -> None:
    assert ruff(folder, "format", "--diff") == ""


def test_generated_code_passes_the_linter(folder: Path) -> None:
    assert ruff(folder, "check", "--output-format=concise") == ""


def test_generated_code_passes_the_type_checker(folder: Path) -> None:
    packages = [str(path.parent) for path in folder.glob("*/*_app/__init__.py")]
    path = ":".join(str(place) for place in (ROOT, *folder.iterdir()))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", *packages],
        env={**os.environ, "MYPYPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("make", samples.ALL.values(), ids=samples.ALL)
def test_the_same_model_gives_the_same_bytes(make: Callable[[], App]) -> None:
    assert bundle_of(make()) == bundle_of(make())


@pytest.mark.parametrize("make", samples.ALL.values(), ids=samples.ALL)
def test_every_method_of_the_manifest_is_there(make: Callable[[], App], tmp_path: Path) -> None:
    bundle = bundle_of(make())
    manifest = decode_manifest(bundle["app.json"])
    module = load(manifest.package, write(bundle, tmp_path))
    types = runner(module, manifest.types).types
    methods = {(info.name, method.name) for info in types for method in info.methods}
    targets = [route.target for route in manifest.routes]
    targets += [form.target for form in manifest.forms] + [page.target for page in manifest.pages]
    called = {(target.type, target.method) for target in targets}
    assert called <= methods
    assert {(grant.type, grant.method) for grant in manifest.policy} == called


def test_the_generated_todo_is_the_one_that_was_read() -> None:
    bundle = bundle_of(samples.todo(), samples.TODO_LINES)
    if os.environ.get("REWRITE"):
        write(bundle, GOLDEN)
    assert {path: raw.decode() for path, raw in bundle.items()} == {
        path: (GOLDEN / path).read_text() for path in bundle
    }


def test_a_field_more_adds_lines_and_moves_none() -> None:
    app = samples.todo()
    note = Field(name="note", kind="text", longest=500)
    thing, action = app.things[0], app.actions[1]
    things = (msgspec.structs.replace(thing, fields=(*thing.fields, note)),)
    before, after = bundle_of(app), bundle_of(msgspec.structs.replace(app, things=things))
    for path in (path for path in before if path.endswith((".py", ".html"))):
        old, new = (part[path].decode().splitlines() for part in (before, after))
        gone = [line for line in difflib.ndiff(old, new) if line.startswith("- ")]
        assert gone == [], path
    assert action.kind == "change"
    assert "note: str | None = None" in after["todo_app/todos.py"].decode()


def test_two_parts_may_not_bring_the_same_file() -> None:
    app = samples.todo()
    part = backend(app, {})
    with pytest.raises(OverlapError, match=r"todo_app/app\.py"):
        devops(app, {}, (part, frontend(app, {}), part), 1)
