"""What a user asks to be measured, checked."""

import json
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from aidevos_cli.failures import CliError


class Plan(NamedTuple):
    """What is called, how, and for how long."""

    type: str
    method: str
    arguments: bytes
    outstanding: tuple[int, ...]
    objects: int
    seconds: float
    prefix: str


def read_plan(called: str, arguments: str, load: Mapping[str, Any]) -> Plan:
    """Return the plan of a command line; raise CliError for what cannot be called."""
    type, dot, method = called.partition(".")
    if not (type and dot and method):
        raise CliError(
            f"{called!r} is no method of a type; write TYPE.METHOD",
            reason="INVALID_ARGUMENT",
            hint="aidevos bench --call Counter.add",
        )
    if not isinstance(_json(arguments), dict):
        raise CliError(
            f"the arguments must be a JSON object of named values, not {arguments}",
            reason="INVALID_ARGUMENT",
            hint="""aidevos bench --call Counter.add --arguments '{"n": 2}'""",
        )
    return Plan(type, method, arguments.encode(), prefix=f"bench-{secrets.token_hex(3)}-", **load)


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
