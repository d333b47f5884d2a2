"""`aidevos explain SPEC`: the app said back in canonical sentences, and what was not understood.

The sentences go to stdout (they are a spec themselves), coverage and problems to stderr.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from aidevos_cli.failures import FAILED, CliError
from aidevos_cli.options import output_option
from aidevos_cli.output import emit_item

if TYPE_CHECKING:
    from aidevos_agents.spec import Compilation, Coverage

LARGEST = 700_000 + 1
"""One byte more than the compiler takes, so that it can say so."""


@click.command(epilog="For example: aidevos explain examples/todo.md")
@click.argument("spec", type=click.Path(dir_okay=False))
@output_option
def explain(spec: str, fmt: str) -> None:
    """Say how each sentence of SPEC was understood; exit code 1 if one was not."""
    # Help must not pay for them.
    from aidevos_agents.gates.rehearsal import rehearsed  # noqa: PLC0415
    from aidevos_agents.spec import compile_spec  # noqa: PLC0415

    found = rehearsed(compile_spec(_read(spec)))
    if fmt == "table":
        _people(spec, found)
    else:
        emit_item(fmt, {"spec": spec, **_machines(found)})
    if found.problems:
        sys.exit(FAILED)


def _read(spec: str) -> bytes:
    try:
        with Path(spec).open("rb") as file:
            return file.read(LARGEST)
    except OSError as error:
        why = (error.strerror or "unknown reason").lower()
        raise CliError(
            f"{spec} cannot be read: {why}",
            reason="NOT_FOUND",
            hint="aidevos explain examples/todo.md",
        ) from error


def _said(found: Compilation) -> str:
    from aidevos_agents.spec import render  # noqa: PLC0415

    return render(found.draft) if found.draft is not None else ""


def _people(spec: str, found: Compilation) -> None:
    print(_said(found), end="", flush=True)
    covered = found.coverage
    print(
        f"{spec}: {covered.sentences} sentences, {covered.understood} understood,"
        f" {len(covered.ambiguous)} ambiguous, {len(covered.not_understood)} not understood",
        file=sys.stderr,
    )
    for problem in found.problems:
        print(problem.sentence(spec), file=sys.stderr)


def _machines(found: Compilation) -> dict[str, object]:
    return {
        "understood": found.model is not None,
        "said": _said(found),
        "coverage": _coverage(found.coverage),
        "problems": msgspec.to_builtins(found.problems),
    }


def _coverage(covered: Coverage) -> object:
    return msgspec.to_builtins(covered)
