"""Every kind of value, both ways: JSON to a message of its own and back."""

import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st
from typed_types import Circle, Everything, Mood, Node, Rich, Square
from typed_world import with_numbers

from aidevos.core.call import Answer
from aidevos.core.errors import HandlerFailedError, InvalidArgumentError
from aidevos.doors.typed.descriptors import file_of
from aidevos.doors.typed.pool import Pool
from aidevos.doors.typed.reader import RequestReader
from aidevos.doors.typed.type_contract import contract_of_type
from aidevos.doors.typed.writer import ResponseWriter

CONTRACT = with_numbers(contract_of_type(Everything.definition.info))  # type: ignore[attr-defined]
POOL = Pool(file_of(CONTRACT))


def read(rpc: str, **fields: Any) -> dict[str, Any]:
    """Return the payload of a request."""
    request = POOL.message(f"{rpc}Request")(**fields)
    return payload(rpc, request)


def payload(rpc: str, request: Message) -> dict[str, Any]:
    asked = RequestReader(CONTRACT, POOL, f"{rpc}Request")(request.SerializeToString())
    return dict(msgspec.json.decode(asked.payload))


def written(rpc: str, reply: Any) -> Any:
    """Return the response of a reply."""
    writer = ResponseWriter(CONTRACT, POOL, f"{rpc}Response")
    raw = writer(Answer(version=7), msgspec.json.decode(msgspec.json.encode(reply)), "id")
    return POOL.message(f"{rpc}Response").FromString(raw)


def rich(**more: Any) -> Rich:
    values: dict[str, Any] = {
        "flag": False,
        "whole": 0,
        "real": 0.5,
        "text": "",
        "raw": b"\x00\xff",
        "moment": datetime(2026, 11, 25, 10, 0, 0, 1, tzinfo=UTC),
        "day": date(2026, 11, 25),
        "length": timedelta(days=-1, microseconds=3),
        "id": uuid.UUID(int=5),
        "exact": Decimal("1.50"),
        "mood": Mood.SO_SO,
        "size": "m",
        "shape": Circle(radius=2.0),
        "tree": Node("root", [Node("leaf")], Node("up")),
    }
    return Rich(**{**values, **more})


def there_and_back(value: Rich) -> Rich:
    """Send a reply through its message, and that message as an argument."""
    shown = written("Echo", value).result
    request = POOL.message("EchoRequest")(key="a")
    request.value.CopyFrom(shown)
    return msgspec.convert(payload("Echo", request)["value"], type=Rich)


def test_every_kind_of_value_comes_back_as_it_was() -> None:
    full = rich(
        level=-2,
        shapes=[Square(side=2.0), Circle(radius=0.0)],
        names={"a": Node("b"), "": Node("")},
        counts={1, 2},
        any={"deep": [1, None, "x", 1.5, {"y": []}]},
        either="text",
        nested=[[1], [], [2, 3]],
        maybe_list=[0],
        maybe=0,
        when=datetime(1969, 12, 31, tzinfo=timezone(timedelta(hours=-5))),
        bounded=1,
    )
    assert there_and_back(full) == full
    assert there_and_back(rich()) == rich()


WORDS = st.text(max_size=5)
WHOLE = st.integers(-(2**63), 2**63 - 1)
MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))
ANY = st.recursive(
    st.none() | st.booleans() | WORDS | st.integers(-(2**53), 2**53),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(
    whole=WHOLE,
    real=st.floats(allow_nan=False, allow_infinity=False),
    text=WORDS,
    raw=st.binary(max_size=5),
    moment=MOMENTS,
    length=st.timedeltas(timedelta(days=-9999), timedelta(days=9999)),
    any=ANY,
    maybe=st.none() | WHOLE,
    names=st.dictionaries(WORDS, st.builds(Node, WORDS), max_size=3),
)
def test_any_value_comes_back_as_it_was(**values: Any) -> None:
    made = rich(**values)
    assert there_and_back(made) == made


def test_an_arguments_name_that_is_the_platforms_gets_a_prefix() -> None:
    assert read("TreeOf", key="a", arg_key="mine", version=3) == {"key": "mine", "version": 3}


def test_what_is_not_set_is_not_sent_and_what_must_be_there_is_empty() -> None:
    assert read("Change", key="a") == {}
    assert read("Change", key="a", count=0) == {"count": 0}
    assert read("AnyOf", key="a") == {}


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"mood": 77}, "value.mood"),
        ({"mood": 0}, "value.mood"),
        ({"real": float("nan")}, "value.real"),
        ({"moment": {"seconds": 1, "nanos": 1}}, "value.moment"),
        ({"moment": {"seconds": 10**15}}, "value.moment"),
        ({"length": {"seconds": 10**17}}, "value.length"),
        ({"shape": {}}, "value.shape"),
        ({"shape": {"circle": {"radius": float("inf")}}}, "value.shape.circle.radius"),
        ({"tree": {"children": [{"parent": {}}]}}, ""),
        ({"any": {}}, "value.any"),
    ],
)
def test_a_value_that_no_json_can_hold_is_named(fields: dict[str, Any], path: str) -> None:
    request = POOL.message("EchoRequest")(key="a", value=fields)
    if not path:
        assert payload("Echo", request)["value"]["tree"]["children"] == [{"parent": {}}]
        return
    with pytest.raises(InvalidArgumentError) as caught:
        payload("Echo", request)
    assert [violation.field for violation in caught.value.violations] == [path]


@pytest.mark.parametrize("reply", ["text", 2**63, 1.5, {"a": 1}, [1], True])
def test_a_reply_of_another_type_is_refused(reply: Any) -> None:
    with pytest.raises(HandlerFailedError):
        written("Wrong", reply)


def test_a_whole_number_that_a_double_would_change_is_refused() -> None:
    with pytest.raises(HandlerFailedError, match="exact"):
        written("AnyOf", {"deep": [2**53 + 1]})


def test_null_is_not_set_and_zeros_are() -> None:
    shown = written("Echo", rich(maybe=None)).result
    assert (shown.HasField("maybe"), shown.HasField("whole"), shown.whole) == (False, True, 0)
    assert not written("Note", None).HasField("result")
    assert written("Note", "").HasField("result")


def test_what_a_version_does_not_know_is_left_out() -> None:
    later = msgspec.to_builtins(rich()) | {"mood": "later"}
    assert written("Echo", later).result.mood == 0
    newer = {"name": "x", "later": 1, "children": []}
    assert written("TreeOf", newer).result.name == "x"
    shown = written("Shapes", [{"kind": "star", "points": 5}, {"kind": "circle", "radius": 1.0}])
    assert [shape.WhichOneof("kind") for shape in shown.result] == [None, "circle"]
