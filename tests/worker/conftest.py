"""Lets the tests of this folder import their helpers, and runs them on the server's loop."""

import asyncio
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import uvloop

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}
