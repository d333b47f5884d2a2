"""Names and bounds of the system's own objects: tenant, keys of their groups, checked ids.

All of them live in the tenant `system`, so no app's type can take the place of one. Groups
(ADR-0010): `{<conversation id>}` holds a conversation, its messages and inboxes, and the run of
that id with its journal; `{agent-<agent id>}` an agent and its saved states. Artifacts and
deployments are groups of their own.
"""

import re
from datetime import datetime

from aidevos.core.errors import InvalidArgumentError
from aidevos.core.ids import ObjectId

TENANT = "system"

CONTENT_BYTES_MAX = 256 << 10
"""JSON of one message's content and metadata, of one journaled result, of one saved state."""
DETAILS_BYTES_MAX = 64 << 10
"""JSON of what is recorded with a stage or part, or kept of a journaled request."""
ARTIFACT_BYTES_MAX = 700_000
TEXT_MAX = 2_000
"""Characters of a reason."""
LIST_MAX = 100
"""Recipients, attachments, evidence hashes, capabilities."""

OPERATOR = "operator"

_CONVERSATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_AGENT = re.compile(r"[a-z][a-z0-9_-]{0,31}(\.[a-z0-9._-]{1,31})?")
_NAME = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_PART = re.compile(r"[a-z0-9_.-]{1,64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_APP = re.compile(r"[a-z0-9-]{1,63}")


def conversation_of(conversation_id: str) -> ObjectId:
    """Return the Conversation object of a checked id."""
    return _in_conversation("Conversation", conversation_id, "conversation")


def run_of(run_id: str) -> ObjectId:
    """Return the Run object, in its conversation's group."""
    return _in_conversation("Run", run_id, "run")


def inbox_of(conversation_id: str, agent_id: str) -> ObjectId:
    """Return one agent's Inbox in one conversation."""
    return _in_conversation("Inbox", conversation_id, inbox_key(agent_id))


def message_of(conversation_id: str, message_id: str) -> ObjectId:
    """Return one AgentMessage."""
    return _in_conversation("AgentMessage", conversation_id, message_key(message_id))


def agent_of(agent_id: str) -> ObjectId:
    """Return the Agent object of a checked id."""
    checked(_AGENT, agent_id, "agent_id", "<role> or <role>.<name>, of a-z, 0-9, _ and -")
    return ObjectId(TENANT, "Agent", f"{{agent-{agent_id}}}agent")


def artifact_of(sha256: str) -> ObjectId:
    """Return the Artifact of a checked hash."""
    return ObjectId(TENANT, "Artifact", check_sha256(sha256, "sha256"))


def deployment_of(app: str) -> ObjectId:
    """Return the Deployment of an app."""
    checked(_APP, app, "app", "1 to 63 of a-z, 0-9 and -")
    return ObjectId(TENANT, "Deployment", app)


def contract_of(tenant: str, kind: str, name: str) -> ObjectId:
    """Return the TypedContract of a type or app; `kind` is `type` or `app`."""
    return ObjectId(TENANT, "TypedContract", f"{tenant}/{kind}/{name}")


def inbox_key(agent_id: str) -> str:
    """Return an inbox's name in its group."""
    checked(_AGENT, agent_id, "recipient", "<role> or <role>.<name>, of a-z, 0-9, _ and -")
    return f"inbox/{agent_id}"


def message_key(message_id: str) -> str:
    """Return a message's name in its group."""
    return f"message/{check_name(message_id, 'message_id')}"


def call_key(task_id: str, name: str, role: str) -> str:
    """Return a journal entry's name in its group: `/` stands in no part."""
    return f"call/{check_name(task_id, 'task_id')}/{check_name(name, 'name')}/{role}"


def conversation_id_of(object: ObjectId) -> str:
    """Return the conversation (or run) whose group the object is in."""
    return object.group.name


def check_name(value: str, field: str) -> str:
    """Return `value`, or raise InvalidArgumentError naming `field`."""
    return checked(_NAME, value, field, "1 to 128 characters of A-Z, a-z, 0-9, . _ : and -")


def check_part(value: str, field: str) -> str:
    """Return a part's or message type's name, or raise InvalidArgumentError."""
    return checked(_PART, value, field, "1 to 64 characters of a-z, 0-9, . _ and -")


def check_sha256(value: str, field: str) -> str:
    """Return a hash, or raise InvalidArgumentError."""
    return checked(_SHA256, value, field, "64 hex digits, lower case")


def checked(pattern: re.Pattern[str], value: str, field: str, what: str) -> str:
    """Return `value` if it matches as a whole, else raise InvalidArgumentError."""
    if not pattern.fullmatch(value):
        raise InvalidArgumentError(f"{field}: {what}", field=field)
    return value


def check_bound(size: int, maximum: int, field: str, unit: str = "bytes of JSON") -> None:
    """Raise InvalidArgumentError if `size` is above `maximum`."""
    if size > maximum:
        raise InvalidArgumentError(
            f"{field} has {size} {unit}, at most {maximum} are taken; larger things are "
            "artifacts, named by their hash",
            field=field,
        )


def to_ms(moment: datetime) -> int:
    """Return a turn's time as Unix ms."""
    return round(moment.timestamp() * 1_000)


def _in_conversation(type_name: str, conversation_id: str, name: str) -> ObjectId:
    what = "1 to 64 characters of A-Z, a-z, 0-9, . _ and -, the first a letter or digit"
    checked(_CONVERSATION, conversation_id, "conversation_id", what)
    return ObjectId(TENANT, type_name, f"{{{conversation_id}}}{name}")
