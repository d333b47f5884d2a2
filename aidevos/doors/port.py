"""What every door needs of a host: one interface, whichever way a call came in.

The host implements it; doors (gRPC, HTTP/JSON, apps) only translate. Policy and identity are
checked behind it, so no door can forget them.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import NamedTuple, Protocol

import msgspec

from aidevos.core.call import Answer, Call
from aidevos.core.errors import AidevosError
from aidevos.core.ids import ObjectId
from aidevos.core.pending import Sink
from aidevos.core.turn import Scalar, TypeInfo


class ObjectView(msgspec.Struct, frozen=True, kw_only=True):
    """One object as a reader sees it. `state` is JSON (empty in lists unless asked for)."""

    object: ObjectId
    version: int
    created_ms: int
    updated_ms: int
    state: bytes = b""
    index: dict[str, Scalar] = {}


class ListQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which objects to list, in the order (type, key). `where` compares indexed fields."""

    tenant: str = "default"
    principal: str = "anonymous"
    type: str = ""
    key_prefix: str = ""
    where: dict[str, Scalar] = {}
    page_size: int = 100
    page_token: str = ""


class ObjectPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page; `next_page_token` is empty on the last; `unreachable` names silent shards."""

    objects: tuple[ObjectView, ...]
    next_page_token: str = ""
    unreachable: tuple[str, ...] = ()


class StoredEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event of an object's history; `sequence` is 1-based. `body` is JSON."""

    sequence: int
    type: str
    type_version: int
    body: bytes
    time_ms: int
    principal: str
    method: str
    request_id: str


class SessionName(msgspec.Struct, frozen=True):
    """Whose session it is and until when its calls are remembered (Unix ms); never changes."""

    tenant: str
    principal: str
    session_id: str
    expires_at_ms: int


class CallColumns(msgspec.Struct, frozen=True):
    """One frame of calls of one session: entry i of every column is call i."""

    mark: int
    """Low-water mark: all answers up to this number were received. Never falls."""
    numbers: Sequence[int]
    """1-based, unique in the session; commands and queries share them."""
    objects: Sequence[tuple[str, str]]
    """Table of (type, key)."""
    methods: Sequence[str]
    """Table of method names."""
    object_index: Sequence[int]
    """Per call, a place in `objects`; checked by the door."""
    method_index: Sequence[int]
    """Per call, a place in `methods`; checked by the door."""
    payloads: Sequence[bytes]
    """Per call, its arguments as one JSON object."""
    expected_versions: Sequence[int] = ()
    """Per call, -1 for any; empty: any for all."""
    deadlines_ms: Sequence[int] = ()
    """Per call, host-monotonic ms, 0 for none; empty: none for all."""
    traceparent: str = ""


class AnswerColumns(NamedTuple):
    """Answers to calls that were all well: entry i of every column is of one call."""

    numbers: Sequence[int]
    versions: Sequence[int]
    payloads: Sequence[bytes]


OnAnswers = Callable[[list[tuple[int, Answer | AidevosError]], list[AnswerColumns]], None]
"""Takes (number, what it came to), and columns of more, per turn of the loop, in any order.

An Answer (perhaps with `error`, the handler's own recorded refusal) or the platform's refusal.
"""


class SessionPort(Protocol):
    """One stream of one session of calls."""

    def calls(self, frame: CallColumns) -> None:
        """Admit a frame; each call is answered once through `on_answers`, perhaps at once.

        One call's refusal is its own answer. Raises InvalidArgumentError only for a frame that
        no client that keeps to the rules could send (a mark above what was sent): nothing of it
        is admitted.
        """
        ...

    def close(self) -> None:
        """Nobody listens any more: calls under way go on, their answers are kept for a repeat."""
        ...


class ObjectPort(Protocol):
    """A host, or a router in front of many. Raises only AidevosError."""

    async def invoke(self, call: Call) -> Answer:
        """Run one command or query. The answer leaves only after what caused it is durable.

        A handler's refusal is an Answer with `error`; the platform's own refusals are raised.
        Cancel: unknown whether applied; ask again with the same id.
        """
        ...

    def submit(self, call: Call, sink: Sink) -> None:
        """Begin one call; `sink.answer(0, ...)` is told once what `invoke` returns or raises.

        For doors that hand over many calls at once: no task, no future. Never raises AidevosError;
        may answer before it returns.
        """
        ...

    async def get_object(
        self, object: ObjectId, principal: str, *, version: int | None = None
    ) -> ObjectView:
        """Return the committed state after a barrier; NotFoundError if it is not there.

        `version` asks for the state after that many events (1..current), without an index.
        """
        ...

    async def list_objects(self, query: ListQuery) -> ObjectPage:
        """Return what was acknowledged before the question was asked. Wakes nothing."""
        ...

    async def list_events(
        self, object: ObjectId, principal: str, *, after: int = 0, limit: int = 100
    ) -> tuple[StoredEvent, ...]:
        """Return committed events with sequence > `after`, oldest first, at most `limit`."""
        ...

    def watch(
        self, object: ObjectId, principal: str, *, after: int = 0
    ) -> AsyncIterator[StoredEvent]:
        """Yield committed events with sequence > `after`, then each new one. Cancel to end."""
        ...

    def types(self, tenant: str) -> tuple[TypeInfo, ...]:
        """Return the exported schemas of all types that this tenant can call."""
        ...

    def open_session(
        self, name: SessionName, sent_number: int, on_answers: OnAnswers
    ) -> SessionPort:
        """Begin a stream of a session of framed calls.

        `sent_number` is the highest number that was sent on earlier streams of the session, 0 for
        a new one. Raises ExpiredError, InvalidArgumentError (expires more than 24 hours ahead).
        """
        ...
