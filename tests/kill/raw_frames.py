"""Calls as frames of sessions.proto and back, for the client that speaks the protocol itself."""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

import msgspec
from journal import NOT_ASKED, Asked, Opened, Told, now
from load import type_of

from aidevos.v1 import sessions_pb2 as pb
from aidevos.v1.errors_pb2 import Reason

_encode = msgspec.json.Encoder().encode
_reason = {number: name.removeprefix("REASON_") for name, number in Reason.items()}


def opening(opened: Opened, sent_number: int) -> pb.SessionRequest:
    """Return the first frame of a stream."""
    first = pb.SessionOpen(session_id=opened.session, sent_number=sent_number)
    first.expires_at.FromMilliseconds(opened.expires_ms)
    return pb.SessionRequest(open=first)


def frame_of(asked: Sequence[Asked], mark: int, timeouts_ms: Sequence[int]) -> pb.SessionRequest:
    """Return the frame of some calls."""
    payloads = [_encode(one.arguments) for one in asked]
    keys, methods = list({a.key: 0 for a in asked}), list({a.method: 0 for a in asked})
    frame = pb.CallFrame(
        answered_number=mark,
        numbers=[one.number for one in asked],
        object_types=[type_of(key) for key in keys],
        keys=keys,
        methods=methods,
        object_index=[keys.index(one.key) for one in asked],
        method_index=[methods.index(one.method) for one in asked],
        payload_ends=accumulate(map(len, payloads)),
        payloads=b"".join(payloads),
        expected_versions=[one.expected for one in asked],
        timeouts_ms=timeouts_ms,
    )
    return pb.SessionRequest(calls=frame)


def answers_of(answers: pb.AnswerFrame) -> Iterator[tuple[int, Told]]:
    """Yield each answer by number; whose it is, the caller knows."""
    at, start = now(), 0
    errors = {error.index: error for error in answers.errors}
    repeated = frozenset(answers.repeated_index)
    columns = zip(answers.numbers, answers.versions, answers.payload_ends, strict=True)
    for place, (number, version, end) in enumerate(columns):
        reply, start = answers.payloads[start:end].decode(), end
        error = errors.get(place)
        if error is None:
            yield number, Told("", at, version, reply, repeated=place in repeated)
            continue
        yield (
            number,
            Told(
                "",
                at,
                version if error.is_final else NOT_ASKED,
                repeated=place in repeated,
                reason=_reason[error.reason],
                error=_plain(error),
                final=error.is_final,
            ),
        )


def _plain(error: pb.CallError) -> dict[str, Any]:
    """Return all that a refusal says."""
    violations = [[one.field, one.reason, one.detail] for one in error.violations]
    return {"message": error.message, "violations": violations, **dict(error.metadata)}
