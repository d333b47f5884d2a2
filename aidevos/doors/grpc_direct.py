"""ObjectService.Invoke without a coroutine, for a server that can be answered later.

It does what `ObjectServicer.Invoke` does, which is the reference and serves grpc.aio: the same
translation, the same refusals. A call is one object here, told its answer by the port.
"""

import logging
from typing import Any, Protocol

import grpc

from aidevos.core.call import Answer
from aidevos.core.errors import AidevosError, ErrorRecord
from aidevos.doors import grpc_wire as wire
from aidevos.doors.grpc_serving import OPAQUE, Identity, refusal
from aidevos.doors.port import ObjectPort
from aidevos.runtime.status import to_status
from aidevos.v1 import objects_pb2 as pb

INVOKE = "/aidevos.v1.ObjectService/Invoke"
_log = logging.getLogger("aidevos.grpc")


class DirectCall(Protocol):
    """A unary call that is answered later, by one of these, once."""

    def answered(self, result: Any) -> None:
        """Send the response."""

    def refused(self, code: grpc.StatusCode, details: str, trailing_metadata: Any) -> None:
        """End with a status."""


class DirectInvoke:
    """Begins calls of Invoke."""

    def __init__(self, port: ObjectPort, identity: Identity) -> None:
        """Bind."""
        self._port = port
        self._identity = identity

    def __call__(self, request: pb.InvokeRequest, call: Any) -> None:
        """Begin one call; `call` is a DirectCall and a ServicerContext."""
        reply = Reply(call)
        try:
            made = wire.call_from(request, self._identity.caller(call))
            if made.id is not None:
                reply.request_id = made.id.session
            self._port.submit(made, reply)
        except Exception as error:  # The process's edge: nothing of a bug may reach a user.
            reply.answer(0, error)


class Reply:
    """Where the answer of one call goes (core/pending.Sink)."""

    __slots__ = ("_call", "request_id")

    def __init__(self, call: DirectCall) -> None:
        """Answer `call`."""
        self._call = call
        self.request_id = ""

    def answer(self, number: int, value: object) -> None:
        """Translate and send; what is no answer is a bug, told as every other one."""
        if isinstance(value, Answer):
            if value.error is None:
                self._call.answered(wire.answer_to(value, self.request_id))
                return
            record = refusal(value.error).to_record()
        elif isinstance(value, AidevosError):
            record = value.to_record()
        else:
            known = value if isinstance(value, Exception) else None
            _log.error("unexpected answer: %r", value, exc_info=known)
            record = OPAQUE
        self._refuse(record)

    def _refuse(self, record: ErrorRecord) -> None:
        self._call.refused(*to_status(record))
