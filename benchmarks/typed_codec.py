"""Claim: a typed call costs a few microseconds beside an untyped one.

What is measured is what a typed service adds to ObjectService.Invoke: a request read into a JSON
payload, a reply written into a response; small (one number each way) and rich (10 fields in, 11
out). Baselines in the same run: what bare protobuf takes to parse such a request and to serialize
such a response, and what google.protobuf.json_format takes for the same work.
"""

import time
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any

import msgspec
from google.protobuf import json_format

from aidevos.core.call import Answer
from aidevos.core.turn import MethodInfo, TypeInfo
from aidevos.doors.typed.descriptors import file_of
from aidevos.doors.typed.numbering import numbered
from aidevos.doors.typed.pool import Pool
from aidevos.doors.typed.reader import RequestReader
from aidevos.doors.typed.type_contract import contract_of_type
from aidevos.doors.typed.writer import ResponseWriter
from aidevos.objects.json_schema import schema
from benchmarks.common import QUICK
from benchmarks.result import Found, at_most, fact

ROUNDS, TIMES = (3, 500) if QUICK else (7, 6_000)


class Kind(Enum):
    """One enum."""

    BOOK = "book"
    RECORD = "record"


class Asked(msgspec.Struct):
    """10 fields."""

    title: str
    author: str
    pages: int
    price: float
    sold: bool
    kind: Kind
    published: datetime
    tags: list[str]
    ratings: dict[str, int]
    note: str | None = None


class Shown(Asked, kw_only=True):
    """11 fields."""

    id: str = ""


GIVEN = Shown(
    id="b-17",
    title="A book",
    author="Somebody",
    pages=320,
    price=12.5,
    sold=False,
    kind=Kind.BOOK,
    published=datetime.fromisoformat("2026-11-25T10:00:00Z"),
    tags=["new", "red"],
    ratings={"anna": 4, "ben": 5},
)


def run() -> Found:
    """Return microseconds per call."""
    small = _Case(msgspec.defstruct("Small", [("n", int)]), int, {"n": 5}, b"7")
    fields = {name: value for name, value in _plain(GIVEN).items() if name != "id"}
    rich = _Case(Asked, Shown, fields, msgspec.json.encode(GIVEN))
    return Found([*small.results("small", 4, 3), *rich.results("rich", 40, 25)])


def _plain(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(value)
    return found


class _Case:
    """One method: its request and its response."""

    def __init__(self, params: Any, returns: Any, fields: dict[str, Any], reply: bytes) -> None:
        method = MethodInfo(
            name="do", kind="command", params=schema(params), returns=schema(returns)
        )
        info = TypeInfo(name="Thing", state_version=1, methods=(method,))
        contract = numbered(contract_of_type(info), None)
        pool = Pool(file_of(contract))
        self.request: Any = pool.message("DoRequest")
        self.response: Any = pool.message("DoResponse")
        self.read = RequestReader(contract, pool, "DoRequest")
        self.write = ResponseWriter(contract, pool, "DoResponse")
        named = {"kind": "KIND_BOOK"} if "kind" in fields else {}
        asked = json_format.ParseDict({"key": "a", **fields, **named}, self.request())
        self.raw = asked.SerializeToString()
        self.answer = Answer(version=3, payload=reply)
        self.written = self.write(self.answer, msgspec.json.decode(reply), "id")

    def typed(self) -> None:
        """Do what a typed call adds."""
        self.read(self.raw)
        self.write(self.answer, msgspec.json.decode(self.answer.payload), "id")

    def bare(self) -> None:
        """Parse and serialize alone."""
        self.request.FromString(self.raw)
        self.answered.SerializeToString()

    def by_json_format(self) -> None:
        """Do the same by way of ProtoJSON."""
        json_format.MessageToJson(self.request.FromString(self.raw))
        json_format.Parse(self.shown, self.response()).SerializeToString()

    def results(self, name: str, must: float, aim: float) -> list[Any]:
        """Return the case's numbers: medians of rounds by turns."""
        self.answered = self.response.FromString(self.written)
        self.shown = json_format.MessageToJson(self.answered)
        works = (self.typed, self.bare, self.by_json_format)
        rounds = [[_microseconds(work) for work in works] for _ in range(ROUNDS)]
        typed, bare, slow = (sorted(each)[ROUNDS // 2] for each in zip(*rounds, strict=True))
        return [
            at_most(f"typed call, {name} messages: what it adds", typed, "us", must, aim),
            fact("bare protobuf alone", bare, "us"),
            fact("by google.protobuf.json_format", slow, "us"),
        ]


def _microseconds(work: Callable[[], None]) -> float:
    begun = time.process_time()
    for _ in range(TIMES):
        work()
    return (time.process_time() - begun) / TIMES * 1e6
