"""Loads a developer's own files: every DurableObject class that they define."""

import importlib.util
import sys
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType

from aidevos.core.errors import FailedPreconditionError
from aidevos.objects.object import DurableObject


def load_files(paths: Sequence[str]) -> tuple[type[DurableObject], ...]:
    """Import the files and return their types. FailedPreconditionError names file and line."""
    sys.dont_write_bytecode = True  # A file that changed twice in a second must not look cached.
    types: list[type[DurableObject]] = []
    for path in paths:
        module = _import_file(Path(path).resolve())
        types += types_in(module)
    if not types:
        raise FailedPreconditionError(
            f"{', '.join(paths)}: no class in it is a DurableObject, so there is nothing to serve"
        )
    return tuple(types)


def types_in(module: ModuleType) -> list[type[DurableObject]]:
    """Return the object types that the module itself defines, in its order."""
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, DurableObject)
        and value.__module__ == module.__name__
    ]


def explain(error: BaseException, files: Iterable[str]) -> str:
    """Return file, line and what is wrong, for the innermost place in one of `files`."""
    known = set(files)
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, SyntaxError) and error.filename in known:
        return f"{error.filename}, line {error.lineno}: {error.msg}"
    for place in reversed(traceback.extract_tb(error.__traceback__)):
        if place.filename in known:
            return f"{place.filename}, line {place.lineno}: {what}"
    return what


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise FailedPreconditionError(f"{path} is not there; name a Python file with your types")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise FailedPreconditionError(f"{path} is no Python file: its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # Boundary: told to the developer as one sentence.
        raise FailedPreconditionError(explain(error, [str(path)])) from error
    return module
