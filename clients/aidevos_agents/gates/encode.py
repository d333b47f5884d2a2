"""JSON with exact decimals, and with whatever text a test wants to send."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal


def encode(value: object) -> bytes:
    """Return the value as JSON; a Decimal is a number with its own digits."""
    return _text(value).encode()


def _text(value: object) -> str:
    match value:
        case Decimal():
            return f"{value:f}"
        case Mapping():
            pairs = (f"{json.dumps(name)}:{_text(one)}" for name, one in value.items())
            return "{" + ",".join(pairs) + "}"
        case list() | tuple():
            return "[" + ",".join(_text(one) for one in value) + "]"
        case _:
            return json.dumps(value)
