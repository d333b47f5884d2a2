"""Errors through gRPC and back: the same class, fields and facts."""

import grpc
import pytest

from aidevos.core.errors import AidevosError, ErrorRecord, InvalidArgumentError, Violation
from aidevos.runtime.status import CODES, from_rpc_error, never_sent, to_status


class Failed(grpc.RpcError):
    """A call that ended as a server's abort would end it."""

    def __init__(self, code: grpc.StatusCode, details: str, trailers: object = ()) -> None:
        self._ended = code, details, trailers

    def code(self) -> grpc.StatusCode:
        return self._ended[0]

    def details(self) -> str:
        return self._ended[1]

    def trailing_metadata(self) -> object:
        return self._ended[2]


@pytest.mark.parametrize("reason", sorted(CODES))
def test_every_reason_comes_back_as_its_own_class(reason: str) -> None:
    sent = ErrorRecord(
        reason,
        "what, why, what to do",
        (Violation("n", "TOO_LOW", "n is low"),),
        {"retry_after_ms": "70", "expected": "3"},
    )
    got = from_rpc_error(Failed(*to_status(sent)))
    assert type(got) is type(AidevosError.from_record(sent))
    assert got.to_record() == sent


def test_details_never_outgrow_the_trailers_that_grpc_takes() -> None:
    many = tuple(Violation(f"field-{n}" * 20, "WRONG", "x" * 5_000) for n in range(100))
    metadata = {f"name-{n}": "y" * 5_000 for n in range(100)}
    sent = InvalidArgumentError("z" * 100_000, violations=many).with_metadata(**metadata)
    code, message, trailers = to_status(sent.to_record())
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert sum(len(value) for _, value in trailers) <= 6_000
    assert type(from_rpc_error(Failed(code, message, trailers))) is InvalidArgumentError


@pytest.mark.parametrize(
    ("code", "details", "reason"),
    [
        (grpc.StatusCode.UNAVAILABLE, "connection reset", "OUTCOME_UNKNOWN"),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "", "OUTCOME_UNKNOWN"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "message larger than max", "INVALID_ARGUMENT"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "calm down", "RESOURCE_EXHAUSTED"),
        (grpc.StatusCode.UNKNOWN, "?", "INTERNAL"),
    ],
)
def test_a_status_without_details_promises_nothing_about_the_outcome(
    code: grpc.StatusCode, details: str, reason: str
) -> None:
    assert from_rpc_error(Failed(code, details)).reason == reason


def test_only_grpcs_own_word_that_it_met_no_connection_tells_that_nothing_was_sent() -> None:
    told = "failed to connect to all addresses; last error: UNKNOWN: ... Connection refused"
    _, _, details = to_status(ErrorRecord("UNAVAILABLE", told))
    assert never_sent(Failed(grpc.StatusCode.UNAVAILABLE, told))
    assert never_sent(Failed(grpc.StatusCode.UNAVAILABLE, "errors resolving nowhere:1: ..."))
    assert not never_sent(Failed(grpc.StatusCode.UNAVAILABLE, told, details)), "a server's word"
    assert not never_sent(Failed(grpc.StatusCode.UNAVAILABLE, "Stream removed (Socket closed)"))
    assert not never_sent(Failed(grpc.StatusCode.DEADLINE_EXCEEDED, told))


def test_damaged_details_are_no_details() -> None:
    damaged = (("grpc-status-details-bin", b"\xff\xff"),)
    assert from_rpc_error(Failed(grpc.StatusCode.NOT_FOUND, "?", damaged)).reason == "NOT_FOUND"
