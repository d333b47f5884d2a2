"""`aidevos call`: one command or query of one object."""

import json
from typing import TypedDict, Unpack
from uuid import uuid4

import click
from aidevos_client import CallOptions, Client

from aidevos.core.call import Answer
from aidevos_cli.failures import CliError
from aidevos_cli.output import emit_item
from aidevos_cli.remote import Remote, parse_address, remote_verb


class Flags(TypedDict):
    """How the call is made."""

    request_id: str
    expected_version: int | None
    timeout: float


@click.command()
@click.argument("address", metavar="TYPE/KEY")
@click.argument("method")
@click.argument("arguments", metavar="[JSON]", default="{}")
@click.option("--request-id", default="", help="Applied at most once under this id.")
@click.option("--expected-version", type=int, help="Run only at this version of the object.")
@click.option("--timeout", type=click.FloatRange(0, 599), default=30.0, help="Seconds, in all.")
@remote_verb
def call(remote: Remote, address: str, method: str, arguments: str, **flags: Unpack[Flags]) -> None:
    """Call METHOD of one object with the arguments in JSON.

    The answer comes after what the call changed is durable. While the server is away the call is
    tried again under the same id.

    For example: aidevos call Counter/a add '{"n": 2}'
    """
    target = parse_address(address)
    _check_json(arguments)
    chosen = CallOptions(
        request_id=flags["request_id"] or uuid4().hex,
        expected_version=flags["expected_version"],
        timeout_s=flags["timeout"],
    )

    async def work(client: Client) -> Answer:
        return await client.invoke(target, method, arguments.encode(), chosen)

    answer = remote.run(work)
    item = {
        "reply": json.loads(answer.payload),
        "version": answer.version,
        "repeated": answer.repeated,
        "request_id": chosen.request_id,
    }
    emit_item(remote.fmt, item)


def _check_json(text: str) -> None:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise CliError(
            f"the arguments are not JSON: {error}",
            reason="INVALID_ARGUMENT",
            hint="""aidevos call Counter/a add '{"n": 2}'""",
        ) from None
    if not isinstance(value, dict):
        raise CliError(
            "the arguments must be a JSON object of named values",
            reason="INVALID_ARGUMENT",
            hint="""aidevos call Counter/a add '{"n": 2}'""",
        )
