"""Header blocks: what we decode is what `hpack` decodes, and heads keep their deadlines."""

import random

import pytest
from h2_peer import HEAD
from hpack import Decoder, Encoder
from hpack.exceptions import HPACKError

from aidevos.doors.h2.blocks import Incoming
from aidevos.doors.h2.faults import ConnectionFault
from aidevos.doors.h2.limits import Limits

NAMES = [f"x-{letter}" for letter in "abcdefgh"] + ["grpc-timeout", "authorization", ":path"]


def test_every_block_means_what_hpack_says() -> None:
    rng = random.Random(1)
    for _ in range(50):
        encoder, ours, theirs = Encoder(), Incoming(Limits()), Decoder()
        for _ in range(40):
            fields = [(rng.choice(NAMES), str(rng.randrange(5))) for _ in range(rng.randrange(12))]
            if rng.random() < 0.05:
                encoder.header_table_size = rng.choice((0, 100, 4_096))
            block = encoder.encode(fields, huffman=rng.random() < 0.5)
            assert ours.fields(block) == [tuple(field) for field in theirs.decode(block, raw=True)]


def test_broken_blocks_are_refused_where_hpack_refuses_them() -> None:
    rng = random.Random(2)
    for _ in range(3_000):
        block = bytes(
            rng.choice((0x82, 0x86, 0x20, 0x3F, 0x40, 0xFF, 0x01, 0xBE)) for _ in range(5)
        )
        try:
            expected = [tuple(field) for field in Decoder().decode(block, raw=True)]
        except (HPACKError, IndexError):
            with pytest.raises(ConnectionFault):
                Incoming(Limits()).fields(block)
        else:
            assert Incoming(Limits()).fields(block) == expected


def test_deadlines_differ_while_the_rest_of_a_head_is_shared() -> None:
    encoder, incoming = Encoder(), Incoming(Limits())
    for seconds in range(1, 50):
        fields = [*HEAD, ("grpc-timeout", f"{seconds}S"), ("x-a", "1")]
        head = incoming.head(encoder.encode(fields))
        assert (head.timeout_s, head.path, head.metadata) == (seconds, "/a.B/C", (("x-a", "1"),))
    assert incoming.head(encoder.encode(HEAD)).timeout_s is None


def test_a_deadline_before_a_pseudo_header_is_out_of_place() -> None:
    encoder, incoming = Encoder(), Incoming(Limits())
    incoming.head(encoder.encode([*HEAD, ("grpc-timeout", "1S")]))
    with pytest.raises(ValueError, match="out of place"):
        incoming.head(encoder.encode([HEAD[0], ("grpc-timeout", "1S"), *HEAD[1:]]))


@pytest.mark.parametrize(
    "fields", [[("grpc-timeout", "1x")], [("grpc-timeout", "1S"), ("x", "y" * 17_000)]]
)
def test_a_head_that_is_refused_stays_so_whatever_its_deadline(
    fields: list[tuple[str, str]],
) -> None:
    encoder, incoming = Encoder(), Incoming(Limits())
    for _ in range(2):
        assert incoming.head(encoder.encode([*HEAD, *fields])).refusal is not None


def test_an_entry_that_replaces_one_of_its_size_is_a_change() -> None:
    incoming = Incoming(Limits())
    entry = b"\x40\x01a\x01b"  # `a: b`, 34 bytes in the table.
    incoming.fields(b"\x3f\x03" + entry)  # A table of 34 bytes: each entry replaces the one before.
    incoming.head(b"\x82\x86\x84" + b"\xbe")
    assert incoming.known
    with pytest.raises(ValueError, match="without"):
        incoming.head(entry + entry)
    assert incoming.known == {}
