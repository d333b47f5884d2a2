"""Reads messages and their receipts from the server, as rows."""

from dataclasses import dataclass

from aidevos_agents.agent.connection import Connection
from aidevos_agents.agent.wire import plain
from aidevos_agents.runs import Runs
from google.protobuf.json_format import MessageToDict

from aidevos.v1 import agents_pb2 as pb
from aidevos_cli.moments import clock
from aidevos_cli.output import Row

PAGE = 500
ABOUT_CHARS_MAX = 48


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages; empty means all."""

    run: str
    agent: str
    limit: int


async def read_messages(connection: Connection, wanted: Wanted) -> list[pb.MessageRecord]:
    """Return what was asked for, at most `limit`. Raises NotFoundError for a run that is not."""
    found: list[pb.MessageRecord] = []
    token = ""
    while len(found) < wanted.limit:
        request = pb.ListMessagesRequest(
            conversation_id=wanted.run,
            agent_id=wanted.agent,
            page_size=min(PAGE, wanted.limit - len(found)),
            page_token=token,
        )
        answer = await connection.call(connection.agents.ListMessages, request)
        found.extend(answer.messages)
        token = answer.next_page_token
        if not token:
            break
    if not found and wanted.run:
        await Runs(connection).get(wanted.run)  # Raises NotFoundError: a run says something.
    return found


def as_row(record: pb.MessageRecord) -> Row:
    """Return a message in its canonical JSON, with receipts."""
    return dict(MessageToDict(record))


def as_table(record: pb.MessageRecord) -> Row:
    """Return a message as one line: when it was said, what about, who knew it when."""
    message = record.message
    return {
        "run": message.conversation_id,
        "seq": message.seq,
        "time": clock(message.timestamp),
        "sender": message.sender,
        "recipient": message.recipient or ", ".join(message.recipients),
        "type": message.message_type,
        "about": _about(message),
        "known": "; ".join(map(_known, record.receipts)),
    }


def _about(message: pb.Message) -> str:
    content = plain(message.content)
    if not isinstance(content, dict):
        return str(content)[:ABOUT_CHARS_MAX]
    if "task" in content:
        return str(content["task"])
    if "spec_name" in content:
        return f"build {content['spec_name'] or 'a spec'}"
    if "ok" in content:
        return f"{message.reply_to}: {'ok' if content['ok'] else 'not ok'}"
    return ", ".join(f"{name} {value}" for name, value in content.items())[:ABOUT_CHARS_MAX]


def _known(receipt: pb.Receipt) -> str:
    """Return each ack with its time: `delivered 10:00:00.120, started ..., done ...`."""
    acks = ", ".join(
        f"{pb.AckState.Name(ack.state).removeprefix('ACK_STATE_').lower()} {clock(ack.time)}"
        for ack in receipt.acks
        if ack.state != pb.ACK_STATE_ACCEPTED
    )
    again = f" (attempt {receipt.attempts})" if receipt.attempts > 1 else ""
    why = f": {reason}" if (reason := receipt.reason) else ""
    return f"{acks or 'not yet'}{again}{why}"
