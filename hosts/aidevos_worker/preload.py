"""Imports, in the zygote, everything that generated code may use: in the jail nothing opens.

Late imports inside the standard library and jinja2 count too, so their paths are walked once.
"""

import contextlib
import importlib
import traceback
import zoneinfo
from pathlib import Path

MODULES = (
    *("__future__", "_strptime", "abc", "array", "base64", "bisect", "calendar", "cmath"),
    *("collections", "collections.abc", "contextlib", "copy", "dataclasses", "datetime"),
    *("decimal", "difflib", "enum", "fractions", "functools", "graphlib", "hashlib", "heapq"),
    *("hmac", "html", "html.parser", "inspect", "ipaddress", "itertools", "json", "keyword"),
    *("linecache", "locale", "math", "numbers", "operator", "pprint", "random", "re", "secrets"),
    *("statistics", "string", "stringprep", "struct", "textwrap", "time", "tokenize"),
    *("traceback", "types", "typing", "unicodedata", "urllib.parse", "uuid", "weakref", "zlib"),
    *("zoneinfo", "msgspec", "msgspec.json", "jinja2", "jinja2.debug", "jinja2.ext"),
    *("aidevos", "aidevos.objects", "aidevos.objects.fields", "aidevos.objects.html"),
    *("aidevos.objects.listing", "aidevos.objects.runner", "aidevos.objects.things"),
    *("aidevos.objects.values",),
)
ENCODINGS = (
    "ascii",
    "latin-1",
    "utf-8-sig",
    "utf-16",
    "cp1252",
    "idna",
    "punycode",
    "unicode_escape",
)

_zones: list[zoneinfo.ZoneInfo] = []


def preload() -> None:
    """Import and warm up. About 0.2 s, once per host."""
    for name in MODULES:
        importlib.import_module(name)
    for name in ENCODINGS:
        "a".encode(name)
    _load_zones()
    _walk_late_imports()


def _load_zones() -> None:
    """Keep the canonical zones in memory, where the machine has them; `ZoneInfo(...)` finds them.

    The strong cache of zoneinfo is small, so they are held here.
    """
    for folder in zoneinfo.TZPATH:
        table = Path(folder) / "zone1970.tab"
        if not table.is_file():
            continue
        lines = [line for line in table.read_text().splitlines() if not line.startswith("#")]
        for name in ("UTC", *(line.split("\t")[2] for line in lines)):
            with contextlib.suppress(zoneinfo.ZoneInfoNotFoundError):
                _zones.append(zoneinfo.ZoneInfo(name))
        return


def _walk_late_imports() -> None:
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415 (0.1 s)

    from aidevos_worker.sample import run_sample  # noqa: PLC0415

    run_sample()
    page = ImmutableSandboxedEnvironment(autoescape=True).from_string(
        "{% for a in b|sort %}{{ a|upper }}{{ loop.index }}{% endfor %}{{ 1 / c }}"
    )
    try:
        page.render(b=["x"], c=0)
    except ZeroDivisionError:
        traceback.format_exc()
