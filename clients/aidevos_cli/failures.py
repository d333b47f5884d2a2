"""How the command line ends when something is wrong: one sentence, a code, the next command.

Exit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 conflict, 5 unavailable.
"""

import json
import sys
from typing import NoReturn

from aidevos_cli.typed import typed

FAILED, USAGE, NOT_FOUND, CONFLICT, UNAVAILABLE = 1, 2, 3, 4, 5

EXIT_BY_REASON = {
    "INVALID_ARGUMENT": USAGE,
    "NOT_FOUND": NOT_FOUND,
    "ALREADY_EXISTS": CONFLICT,
    "FAILED_PRECONDITION": CONFLICT,
    "VERSION_CONFLICT": CONFLICT,
    "UNAVAILABLE": UNAVAILABLE,
    "OUTCOME_UNKNOWN": UNAVAILABLE,
    "RESOURCE_EXHAUSTED": UNAVAILABLE,
    "DEADLINE_EXCEEDED": UNAVAILABLE,
}


class CliError(Exception):
    """An expected end of a verb: `reason` for programs, a sentence, and what to type next."""

    def __init__(self, message: str, *, reason: str = "FAILED", hint: str = "") -> None:
        """Say what is wrong; `hint` is a command or an action that helps."""
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.hint = hint

    @property
    def exit_code(self) -> int:
        """The process's exit code."""
        return EXIT_BY_REASON.get(self.reason, FAILED)


def end_with(error: CliError, fmt: str) -> NoReturn:
    """Print `error` to stderr (as JSON when asked for) and leave with its code."""
    if fmt == "json":
        body = {"reason": error.reason, "message": error.message, "hint": typed(error.hint)}
        print(json.dumps({"error": body}), file=sys.stderr)
    else:
        print(f"error: {error.reason}: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"  try: {typed(error.hint)}", file=sys.stderr)
    sys.exit(error.exit_code)
