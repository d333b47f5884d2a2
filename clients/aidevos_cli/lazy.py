"""A click group whose verbs are imported only when they run.

Help lists every verb from the table alone, so `aidevos --help` costs click and nothing else.
"""

import importlib
from typing import NamedTuple

import click

from aidevos_cli.failures import CliError, end_with
from aidevos_cli.interrupt import raise_again


class Verb(NamedTuple):
    """Where a verb is (`package.module:attribute`) and its line in the help."""

    target: str
    summary: str


class LazyGroup(click.Group):
    """Takes its commands from a table of `Verb`s, in the table's order."""

    def __init__(self, *args: object, verbs: dict[str, Verb], **kwargs: object) -> None:
        """Keep the table; nothing is imported here."""
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.verbs = verbs

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs' names."""
        return list(self.verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one verb, or None if there is none of that name."""
        verb = self.verbs.get(cmd_name)
        command = None if verb is None else load(verb.target)
        raise_again()
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the verb; an expected failure ends with a sentence and a code, in its format."""
        try:
            return super().invoke(ctx)
        except CliError as error:
            end_with(error, ctx.obj or "table")

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of verbs from the table: importing them all would take seconds."""
        if not self.verbs:
            return
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.summary) for name, verb in self.verbs.items()])


def load(target: str) -> click.Command:
    """Return the command that `package.module:attribute` names."""
    module, _, attribute = target.partition(":")
    command = getattr(importlib.import_module(module), attribute)
    assert isinstance(command, click.Command), target
    return command
