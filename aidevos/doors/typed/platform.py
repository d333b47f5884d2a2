"""The platform's own fields of requests and responses, and the watching twins of queries. Pure."""

from collections.abc import Iterable

from msgspec.structs import replace

from aidevos.doors.typed.contract import (
    ANSWERED_ID,
    CLEAR,
    EXPECTED_VERSION,
    IS_REPEAT,
    REQUEST_ID,
    VERSION,
    Field,
    Message,
    Rpc,
)

REQUEST_NAMES = ("request_id", "expected_version", "page_size", "page_token", "clear")
"""Names in requests that are the platform's, beside that of the key."""

_REQUEST_ID = Field(
    name="request_id",
    type="string",
    number=REQUEST_ID,
    doc="The change is made at most once under this id, and a repeat gets the first answer;\n"
    "1 to 128 printable ASCII characters, remembered for 10 minutes. Default: a fresh one.",
)
_EXPECTED_VERSION = Field(
    name="expected_version",
    type="int64",
    number=EXPECTED_VERSION,
    doc="If set, the change is made only at exactly this version of the object.\n"
    "Error: VERSION_CONFLICT (ABORTED).",
)
_CLEAR = Field(
    name="clear",
    type="string",
    label="many",
    number=CLEAR,
    doc="Names of fields that are to be null: leaving one out keeps what is there.\nHere: {}.",
)
_VERSION = Field(
    name="version",
    type="int64",
    number=VERSION,
    doc="Version of the object after the call: how many events it has.",
)
_IS_REPEAT = Field(
    name="is_repeat",
    type="bool",
    number=IS_REPEAT,
    doc="Whether this is the recorded answer of an earlier call with the same request_id.",
)
_ANSWERED_ID = Field(
    name="request_id",
    type="string",
    number=ANSWERED_ID,
    doc="The id under which the change was made.",
)


def request_message(rpc: Rpc, first: tuple[Field, ...], own: tuple[Field, ...]) -> Message:
    """Return the request of a method: the platform's fields, then its own."""
    change = () if rpc.query else (_REQUEST_ID, _EXPECTED_VERSION)[: 1 if rpc.on == "root" else 2]
    nullable = ", ".join(field.name for field in own if field.nullable)
    clear = (replace(_CLEAR, doc=_CLEAR.doc.format(nullable)),) if nullable else ()
    return Message(
        name=rpc.request,
        role="request",
        fields=(*first, *change, *clear, *own),
        doc=f"Request of {rpc.name}.",
    )


def response_message(rpc: Rpc, own: tuple[Field, ...]) -> Message:
    """Return the response of a method: the platform's fields, then its own.

    An app's root has no version that says anything: its things have.
    """
    version = () if rpc.on == "root" else (_VERSION,)
    change = () if rpc.query else (_IS_REPEAT, _ANSWERED_ID)
    return Message(
        name=rpc.response,
        role="response",
        fields=(*version, *change, *own),
        doc=f"Response of {rpc.name}.",
    )


def watch_twins(rpcs: Iterable[Rpc]) -> list[Rpc]:
    """Return a stream for each query of one object."""
    rpcs = list(rpcs)
    taken = {rpc.name for rpc in rpcs}
    return [
        replace(
            rpc,
            name=_watch_name(rpc.name),
            watch=True,
            doc=f"Streams what {rpc.name} answers: now, and again whenever a change of the object "
            "makes it another answer.",
        )
        for rpc in rpcs
        if rpc.query and rpc.on != "root" and _watch_name(rpc.name) not in taken
    ]


def _watch_name(name: str) -> str:
    """Return `WatchTotal` for `Total`, `WatchTodo` for `ShowTodo`."""
    return "Watch" + (name.removeprefix("Show") or name)
