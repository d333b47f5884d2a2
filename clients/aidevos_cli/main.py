"""The command line's root: the table of verbs and how every one of them ends.

A verb lives in a module of its own that exports one `click.Command`; add its line to `VERBS`.
Nothing heavy (grpc, msgspec, rich, lark) may be imported here: a test looks.
"""

import click

from aidevos.version import VERSION
from aidevos_cli.lazy import LazyGroup, Verb

VERBS: dict[str, Verb] = {
    "dev": Verb("aidevos_cli.dev:dev", "Serve a data directory, with your own types."),
    "build": Verb("aidevos_cli.build:build", "Turn a spec into a tested, running service."),
    "explain": Verb(
        "aidevos_cli.explain:explain", "Say how a spec is understood, sentence by sentence."
    ),
    "call": Verb("aidevos_cli.call:call", "Call a method of one object."),
    "get": Verb("aidevos_cli.objects:get", "Show one object with its state."),
    "list": Verb("aidevos_cli.objects:list_", "List objects, by type and indexed field."),
    "history": Verb("aidevos_cli.objects:history", "Show what happened to one object."),
    "proto": Verb("aidevos_cli.proto:proto", "Export the .proto of a type or an app for stubs."),
    "runs": Verb("aidevos_cli.runs:runs", "Show what became of the specs, stage by stage."),
    "messages": Verb("aidevos_cli.messages:messages", "Show what the agents said, and when."),
    "doctor": Verb("aidevos_cli.doctor:doctor", "Say what is active on this machine."),
    "demo": Verb("aidevos_cli.demo:demo", "Kill a server, start it again, lose nothing."),
    "bench": Verb("aidevos_cli.bench.verb:bench", "Measure calls against your own server."),
    "sim": Verb("aidevos_cli.sim:sim", "Play seeds of the simulation of the storage protocol."),
}


@click.group(
    cls=LazyGroup,
    verbs=VERBS,
    epilog="Exit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 conflict, 5 unavailable.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(VERSION, prog_name="aidevos")
def cli() -> None:
    """A product spec goes in; a running service made of durable objects comes out.

    For example: aidevos build examples/todo.md
    """


def main() -> None:
    """Run one verb and leave with its exit code."""
    cli(prog_name="aidevos")
