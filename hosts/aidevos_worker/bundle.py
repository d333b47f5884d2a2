"""A bundle's code, imported from memory: no file is opened, and nothing else can be imported.

Modules that were loaded before the jail closed are there; any other name is told as missing.
"""

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType

from aidevos.core.errors import FailedPreconditionError
from aidevos.objects import html
from aidevos.objects.object import DurableObject
from aidevos_worker.frames import LoadBundle
from aidevos_worker.typefiles import explain


class BundleFinder(importlib.abc.SourceLoader, importlib.abc.MetaPathFinder):  # type: ignore[misc]
    """Finds and loads modules from a mapping of paths to bytes. The last finder there is."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        """Take the bundle's files."""
        self._files = files

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the spec of a module of the bundle."""
        found = self._path(fullname)
        if found is None:
            raise ModuleNotFoundError(
                f"{fullname} can not be imported in the jail: it is not in the bundle, nor among "
                "the modules that are there for generated code",
                name=fullname,
            )
        package = found.endswith("/__init__.py")
        return importlib.machinery.ModuleSpec(fullname, self, origin=found, is_package=package)

    def get_filename(self, fullname: str) -> str:
        """Return the module's path in the bundle, for tracebacks."""
        found = self._path(fullname)
        if found is None:
            raise ImportError(f"{fullname} is not in the bundle", name=fullname)
        return found

    def get_data(self, path: str | bytes) -> bytes:
        """Return the bytes of a file of the bundle."""
        try:
            return self._files[str(path)]
        except KeyError:
            raise FileNotFoundError(str(path)) from None

    def _path(self, fullname: str) -> str | None:
        stem = fullname.replace(".", "/")
        paths = (f"{stem}/__init__.py", f"{stem}.py")
        return next((path for path in paths if path in self._files), None)


def load_bundle(message: LoadBundle) -> tuple[type[DurableObject], ...]:
    """Import the package, install its templates, return its types.

    Raises FailedPreconditionError with file, line and what is wrong.
    """
    sys.meta_path[:] = [BundleFinder(message.files)]
    try:
        html.install(message.files)
        modules = [importlib.import_module(name) for name in _modules(message)]
    except BaseException as error:  # Boundary: whatever the code raises is told, not raised.
        raise FailedPreconditionError(explain(error, message.files)) from error
    return tuple(_type(name, modules, message.package) for name in message.types)


def _modules(message: LoadBundle) -> list[str]:
    """Return the package and every module in it."""
    paths = sorted(path for path in message.files if path.endswith(".py"))
    names = [path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in paths]
    inside = f"{message.package}."
    return [message.package, *(name for name in names if name.startswith(inside))]


def _type(name: str, modules: list[ModuleType], package: str) -> type[DurableObject]:
    for module in modules:
        found = getattr(module, name, None)
        if isinstance(found, type) and issubclass(found, DurableObject):
            return found
    raise FailedPreconditionError(f"the package {package} defines no object type {name}")
