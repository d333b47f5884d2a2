"""Asks a store until it answers. Pure."""

from collections.abc import Generator

from aidevos.core.statements import TIMEOUT, Pause, Statement

Ask = Generator[Statement | Pause, object, object]


def ask(statement: Statement) -> Ask:
    """Yield `statement` until it has an answer; for reads, which may be repeated at will."""
    attempt = 0
    while True:
        answer = yield statement
        if answer is not TIMEOUT:
            return answer
        attempt += 1
        yield Pause(attempt)
