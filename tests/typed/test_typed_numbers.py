"""Numbers that last, and what counts as a change that old stubs can live with. Pure."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw
from typed_world import with_numbers

from aidevos.core.turn import MethodInfo, TypeInfo
from aidevos.doors.typed.compatibility import complaints
from aidevos.doors.typed.contract import Contract
from aidevos.doors.typed.descriptors import file_of
from aidevos.doors.typed.numbering import numbered
from aidevos.doors.typed.pool import Pool
from aidevos.doors.typed.publisher import next_contract
from aidevos.doors.typed.type_contract import contract_of_type
from aidevos.objects.json_schema import schema


class Kind(msgspec.Struct, tag="kind", tag_field="tag"):
    kind: int = 0


class Other(msgspec.Struct, tag="other kind", tag_field="tag"):
    kind: str = ""


Awkward = Enum("Aa", [("A", "bb c"), ("B", "bb_c"), ("C", "unspecified")])
AwkwardBb = Enum("AaBb", [("A", "c")])


def test_members_of_a_union_have_names_apart_from_the_oneofs() -> None:
    made = with_numbers(contract(a=Kind | Other))
    union = made.message("DoRequestA")
    assert union is not None
    assert [field.json for field in union.fields] == ["kind", "other kind"]
    assert Pool(file_of(made)).message("DoRequestA").DESCRIPTOR.oneofs[0].name == "kind"


def contract(returns: Any = None, **params: Any) -> Contract:
    """Return a type with one command `do`; a parameter is a type, or (type, default)."""
    fields = [
        (name, *value) if isinstance(value, tuple) else (name, value)
        for name, value in params.items()
    ]
    arguments = msgspec.defstruct("do", fields, kw_only=True)
    method = MethodInfo(
        name="do", kind="command", params=schema(arguments), returns=schema(returns)
    )
    return contract_of_type(TypeInfo(name="Thing", state_version=1, methods=(method,)))


def numbers(contract: Contract, message: str = "DoRequest") -> dict[str, int]:
    found = contract.message(message)
    assert found is not None
    return {field.json: field.number for field in found.fields if field.json}


def test_the_authors_numbers_begin_at_ten_in_calls_and_at_one_in_their_own_types() -> None:
    class Point(msgspec.Struct):
        x: int
        y: int

    made = with_numbers(contract(list[Point], a=int, at=Point))
    assert numbers(made) == {"a": 10, "at": 11}
    assert numbers(made, "Point") == {"x": 1, "y": 2}
    assert numbers(made, "DoResponse") == {"result": 10}
    request = made.message("DoRequest")
    assert request is not None
    platform = {field.name: field.number for field in request.fields if not field.json}
    assert platform == {"key": 1, "request_id": 2, "expected_version": 3}


def test_a_number_that_was_given_once_is_never_given_again() -> None:
    class Point(msgspec.Struct):
        x: int
        y: int

    class Less(msgspec.Struct):
        x: int

    class More(msgspec.Struct):
        x: int
        y: int
        z: int

    kinds = [
        msgspec.defstruct("Point", [(f, int) for f in kind.__struct_fields__])
        for kind in (Point, Less, More)
    ]
    first, less, more = (contract(kind) for kind in kinds)
    one = with_numbers(first)
    two = numbered(less, one)
    three = numbered(more, two)
    assert numbers(two, "Point") == {"x": 1}
    assert numbers(three, "Point") == {"x": 1, "y": 3, "z": 4}
    point = three.message("Point")
    assert point is not None
    assert [(gone.number, gone.name) for gone in point.reserved] == [(2, "y")]
    assert [field.name for field in point.fields] == ["x", "y2", "z"]


def test_a_type_that_went_and_came_back_has_its_numbers_or_new_ones() -> None:
    def with_point(kind: Any) -> Contract:
        return contract(msgspec.defstruct("Point", [("x", kind), ("y", int)]))

    one = with_numbers(with_point(int))
    gone = numbered(contract(int), one)
    assert gone.message("Point") is None
    assert [message.name for message in gone.retired_messages] == ["Point"]
    assert numbers(numbered(with_point(int), gone), "Point") == {"x": 1, "y": 2}
    assert numbers(numbered(with_point(str), gone), "Point") == {"x": 3, "y": 2}


def test_values_of_an_enum_keep_their_numbers_in_any_order() -> None:
    one = with_numbers(contract(Literal["b", "a"]))
    two = numbered(contract(Literal["a", "c", "b"]), one)
    (before,), (after,) = one.enums, two.enums
    kept = {value.json: value.number for value in before.values}
    now = {value.json: value.number for value in after.values}
    assert now == {**kept, "c": 3}


WIDER: list[tuple[str, Contract, Contract]] = [
    ("a parameter with a default", contract(a=int), contract(a=int, b=(str, ""))),
    ("no longer required", contract(a=int), contract(a=(int, 1))),
    ("another bound", contract(a=int), contract(a=Annotated[int, msgspec.Meta(ge=1)])),
    ("a reply that may be null", contract(int), contract(int | None)),
    ("one value more", contract(a=Literal["x"]), contract(a=Literal["x", "y"])),
    ("one value less in a reply", contract(Literal["x", "y"]), contract(Literal["x"])),
]


@pytest.mark.parametrize(("what", "old", "new"), WIDER, ids=[what for what, _, _ in WIDER])
def test_a_change_that_old_stubs_can_live_with(what: str, old: Contract, new: Contract) -> None:
    before = with_numbers(old)
    assert complaints(before, numbered(new, before)) == ()
    assert next_contract(new, [before], 1).major == 1


BREAKING: list[tuple[Contract, Contract, str]] = [
    (contract(a=int, b=int), contract(a=int), "DoRequest.b is gone"),
    (contract(a=int), contract(a=str), "DoRequest.a was int64 and is string"),
    (contract(a=int), contract(a=list[int]), "DoRequest.a was int64 and is repeated int64"),
    (contract(a=int), contract(a=int, b=int), "DoRequest.b is new and required"),
    (contract(a=(int, 1)), contract(a=int), "DoRequest.a has become required"),
    (contract(int), contract(str), "DoResponse.result was int64 and is string"),
    (
        contract(a=Literal["x", "y"]),
        contract(a=Literal["x"]),
        "DoRequestA.DO_REQUEST_A_Y is gone",
    ),
]


@pytest.mark.parametrize(("old", "new", "why"), BREAKING, ids=[why for _, _, why in BREAKING])
def test_a_change_that_old_stubs_cannot_live_with_is_told(
    old: Contract, new: Contract, why: str
) -> None:
    before = with_numbers(old)
    assert complaints(before, numbered(new, before)) == (why,)
    after = next_contract(new, [before], 1)
    assert (after.major, after.package_name) == (2, "thing.v2")


def test_a_change_back_goes_on_with_the_version_that_fits() -> None:
    one = with_numbers(contract(a=int))
    two = next_contract(contract(a=str), [one], 1)
    assert next_contract(contract(a=int, b=(int, 0)), [one, two], 2).major == 1
    assert next_contract(contract(a=str), [one, two], 2) == two
    assert next_contract(contract(a=bool), [one, two], 2).major == 3


PLAIN = st.sampled_from(
    [
        int,
        str,
        bytes,
        float,
        bool,
        Any,
        datetime,
        timedelta,
        date,
        Decimal,
        UUID,
        Raw,
        Literal["kind", "b c", "b_c", "1", "é"],
        Literal[-1, 1],
        Awkward,
        AwkwardBb,
    ]
)
ANY_TYPE = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        inner.map(lambda kind: list[kind]),
        inner.map(lambda kind: dict[str, kind]),
        inner.map(lambda kind: kind | None if kind is not Any else kind),
        st.tuples(inner, inner).map(lambda kinds: tuple[kinds]),
    ),
    max_leaves=4,
)
NAMES = st.sampled_from(["key", "clear", "a_b", "aB", "class", "x1", "größe", "kind", "日本"])


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(NAMES, ANY_TYPE, max_size=4), ANY_TYPE)
def test_whatever_types_a_method_has_protobuf_takes_its_messages(
    params: dict[str, Any], returns: Any
) -> None:
    made = with_numbers(contract(returns, **params))
    pool = Pool(file_of(made))
    request = made.message("DoRequest")
    assert request is not None
    assert [field.json for field in request.fields if field.json] == list(params)
    names = [field.name for field in pool.message("DoRequest").DESCRIPTOR.fields]
    assert names == [field.name for field in request.fields]


KINDS = st.sampled_from([int, str, float, bool, (int, 1), (str, "x"), list[int]])
PARAMS = st.dictionaries(st.sampled_from("abcdef"), KINDS, max_size=5)


@settings(max_examples=80, deadline=None)
@given(st.lists(PARAMS, min_size=2, max_size=6))
def test_whatever_is_changed_no_number_of_a_version_ever_means_two_things(
    history: list[dict[str, Any]],
) -> None:
    majors: list[Contract] = []
    meaning: dict[tuple[int, int], tuple[str, tuple[str, str, str]]] = {}
    for params in history:
        now = next_contract(contract(**params), majors, len(majors))
        majors = [c for c in majors if c.major != now.major] + [now]
        majors.sort(key=lambda each: each.major)
        request = now.message("DoRequest")
        assert request is not None
        for field in request.fields:
            said = (field.name, field.wire)
            assert meaning.setdefault((now.major, field.number), said) == said
