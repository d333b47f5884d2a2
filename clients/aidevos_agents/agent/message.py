"""What agents say to each other, as plain values. Protobuf stops in `wire.py`."""

from typing import Any

import msgspec

STANDARD, TASK, RESULT = "standard", "task", "result"
"""Message types of the framework: talk, something to do, what came of it."""


class Attachment(msgspec.Struct, frozen=True):
    """An artifact that belongs to a message, named by its hash."""

    name: str
    sha256: str
    media_type: str = "application/octet-stream"
    size: int = 0


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message. `seq` and `timestamp_ms` are the platform's; 0 before it was accepted."""

    sender: str
    recipient: str
    conversation_id: str
    message_id: str
    """Unique in the conversation. Derived from the task, so that a restarted sender says the same
    thing again instead of a second one."""
    message_type: str = STANDARD
    content: Any = None
    """Any JSON value, at most 256 KiB; larger things are artifacts in `attachments`."""
    reply_to: str = ""
    causation_id: str = ""
    correlation_id: str = ""
    task_id: str = ""
    metadata: dict[str, Any] = {}
    attachments: tuple[Attachment, ...] = ()
    evidence: tuple[str, ...] = ()
    """SHA-256 of artifacts that prove what is said."""
    seq: int = 0
    timestamp_ms: int = 0


class Delivery(msgspec.Struct, frozen=True):
    """A message on its way to one agent; `attempt` counts from 1."""

    message: Message
    attempt: int


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Something to do: what a message of type `task` asks for."""

    id: str
    name: str
    """What to do, for example `generate`."""
    run: str
    """The conversation, which for a pipeline run has the run's id."""
    input: dict[str, Any] = {}


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a task. `evidence` are hashes of artifacts that prove it."""

    ok: bool
    output: dict[str, Any] = {}
    evidence: tuple[str, ...] = ()


class NotATaskError(ValueError):
    """The message says `task` and its content is not one; the sentence says what is missing."""


def task_of(message: Message) -> Task:
    """Return the task that a message of type `task` holds. Raises NotATaskError."""
    content = message.content
    if not isinstance(content, dict) or not isinstance(content.get("task"), str):
        raise NotATaskError('a task message needs content {"task": NAME, "input": {...}}')
    given = content.get("input", {})
    if not isinstance(given, dict):
        raise NotATaskError("a task's `input` is an object")
    return Task(
        id=message.task_id or message.message_id,
        name=content["task"],
        run=message.conversation_id,
        input=given,
    )
