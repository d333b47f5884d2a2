"""The house rules that a machine can measure: sizes, parameters, words, docstrings, assertions."""

import ast
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE_LINES_MAX = 700
FUNCTION_LINES_MAX = 60
PARAMETERS_MAX = 8
GENERATED = re.compile(r"_pb2(_grpc)?\.pyi?$|/golden/")
UNFINISHED = re.compile(r"#.*\b(TODO|FIXME|XXX|HACK|for now|dummy)\b")
ASSERTS = re.compile(r"\bassert\b|raises|expect|check|verify")
MACHINE_PATH = re.compile(r"(?<![\w.$}/])/(root|home/\w+|work|farm)/\w")


def tracked(pattern: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", pattern],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = (ROOT / line for line in listed.stdout.splitlines())
    return [path for path in found if path.is_file() and not GENERATED.search(str(path))]


SOURCES = tracked("*.py")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def functions() -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, FUNCTIONS):
                yield path, node


def place(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


def takes_self(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return bool(node.args.args) and node.args.args[0].arg in ("self", "cls")


def test_no_file_is_too_long_to_be_read() -> None:
    long = [str(path) for path in SOURCES if len(path.read_text().splitlines()) > FILE_LINES_MAX]
    assert long == []


def test_no_function_is_too_long_to_be_seen_at_once() -> None:
    long = [
        place(path, node)
        for path, node in functions()
        if (node.end_lineno or 0) - node.lineno >= FUNCTION_LINES_MAX
    ]
    assert long == []


def test_no_function_takes_more_parameters_than_a_reader_holds() -> None:
    many = [
        place(path, node)
        for path, node in functions()
        if len(node.args.args) + len(node.args.kwonlyargs) - takes_self(node) > PARAMETERS_MAX
        and "tests" not in path.parts
    ]
    assert many == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.read_text().strip() and ast.get_docstring(ast.parse(path.read_text())) is None
    ]
    assert silent == []


def test_every_test_can_fail() -> None:
    cannot = [
        place(path, node)
        for path, node in functions()
        if node.name.startswith("test_") and not ASSERTS.search(ast.unparse(node))
    ]
    assert cannot == []


def test_no_two_modules_of_the_tests_have_one_name() -> None:
    """They are imported by their bare names: of two with one name, one would not be found."""
    names = Counter(path.name for path in tracked("tests/*.py") if path.name != "conftest.py")
    assert [name for name, count in names.items() if count > 1] == []


def test_no_test_sleeps() -> None:
    sleeping = [
        place(path, node)
        for path, node in functions()
        if node.name.startswith("test_")
        and re.search(r"\b(time|asyncio|anyio)\.sleep\((?!0\))", ast.unparse(node))
    ]
    assert sleeping == []


@pytest.mark.parametrize("pattern", ["*.py", "*.md", "*.sh", "*.proto", "Makefile", "bin/*"])
def test_nothing_names_a_path_of_one_machine(pattern: str) -> None:
    named = [str(path) for path in tracked(pattern) if MACHINE_PATH.search(path.read_text())]
    assert named == []


def test_no_source_carries_unfinished_work() -> None:
    own = Path(__file__)
    unfinished = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in SOURCES
        if path != own
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert unfinished == []


def test_the_readme_fits_on_two_screens() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


def test_every_link_of_the_documents_leads_somewhere() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in tracked("*.md")
        for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
        if "://" not in link and not (page.parent / link).exists()
    ]
    assert broken == []
