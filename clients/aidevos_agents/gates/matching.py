"""Compares an answer with the one expected, and learns the ids and times that it shows."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import NamedTuple
from urllib.parse import urlsplit

from aidevos_agents.gates.candidate import Reply
from aidevos_agents.gates.interpreter.interpreter import Interpreter
from aidevos_agents.gates.interpreter.symbols import Address, Moment, Ref
from aidevos_agents.gates.interpreter.times import canonical_time, time_text
from aidevos_agents.gates.interpreter.world import World

UUID_7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
NO_JSON = object()


def read_json(raw: bytes) -> object:
    """Return the JSON with exact decimals, or NO_JSON. A number with an exponent is no number."""
    try:
        return json.loads(raw, parse_float=_exact)
    except ValueError:
        return NO_JSON


def _exact(text: str) -> object:
    return f"number with an exponent: {text}" if "e" in text.lower() else Decimal(text)


class Difference(NamedTuple):
    """One place of an answer that is not as expected."""

    expected: str
    got: str


class Matcher:
    """Compares values with symbols in them; `differences` are paths with expected and got."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._world: World = interpreter.world
        self._base = f"/{interpreter.catalog.app.name}/api"

    def learn_times(self, body: object) -> None:
        """Learn times of things whose ids are known: lists are sorted by them."""
        for shown in body if isinstance(body, list) else [body]:
            if isinstance(shown, dict):
                self._learn_times_of(shown)

    def _learn_times_of(self, shown: dict[str, object]) -> None:
        row = self._world.row_of(str(shown.get("id")))
        for name, value in row.values.items() if row else ():
            if isinstance(value, Moment):
                self._is_moment(value, shown.get(name))

    def differences(
        self, expected: object, got: object, reply: Reply, at: str = ""
    ) -> list[Difference]:
        """Return one text for each place where the JSON differs."""
        match expected:
            case dict():
                return self._objects(expected, got, reply, at)
            case list():
                return self._arrays(expected, got, reply, at)
        if self._is_equal(expected, got, reply):
            return []
        return [Difference(f"{at} {self.say(expected)}".strip(), _say(got))]

    def say(self, expected: object) -> str:
        """Return an expected value as a reader wants to see it."""
        match expected:
            case Ref(serial=serial):
                return self._world.id_of(serial) or f"the new id #{serial}"
            case Moment(learned=None, window=window):
                return f"{time_text(window.before_ms)}..{time_text(window.after_ms)}"
            case Moment():
                return expected.text
            case Address():
                return f"http://...{self.path_of(expected)}"
            case Decimal():
                return f"{expected:f}"
        return json.dumps(expected, default=self.say, ensure_ascii=False)

    def id_of(self, serial: int) -> str:
        """Return a thing's id; a name for it while no answer has shown it."""
        return self._world.id_of(serial) or f"#{serial}"

    def path_of(self, address: Address) -> str:
        """Return the path of an address, from the root."""
        ids = (self._world.id_of(ref.serial) or "{id}" for ref in address.refs)
        return self._base + address.path.format(*ids)

    def is_address(self, address: Address, got: object, reply: Reply) -> bool:
        """Return whether this is the absolute address, made from the request's host."""
        if not isinstance(got, str):
            return False
        parts, asked = urlsplit(got), urlsplit(reply.url)
        if not (parts.scheme and parts.netloc and parts.path == self.path_of(address)):
            return False
        return not reply.url or (parts.scheme, parts.netloc) == (asked.scheme, asked.netloc)

    def _objects(
        self, expected: dict[str, object], got: object, reply: Reply, at: str
    ) -> list[Difference]:
        if not isinstance(got, dict):
            return [Difference(f"{at} an object".strip(), _say(got))]
        same = list(got) == list(expected)
        found = [] if same else [Difference(f"{at} names {[*expected]}", str([*got]))]
        for name in [name for name in expected if name in got]:
            found += self.differences(expected[name], got[name], reply, f"{at}.{name}")
        return found

    def _arrays(
        self, expected: list[object], got: object, reply: Reply, at: str
    ) -> list[Difference]:
        if not isinstance(got, list):
            return [Difference(f"{at} an array".strip(), _say(got))]
        same = len(got) == len(expected)
        found = [] if same else [Difference(f"{at} {len(expected)} items", f"{len(got)}")]
        for index, (one, other) in enumerate(zip(expected, got, strict=False)):
            found += self.differences(one, other, reply, f"{at}[{index}]")
        return found

    def _is_equal(self, expected: object, got: object, reply: Reply) -> bool:
        match expected:
            case Ref(serial=serial):
                return self._is_id(serial, got)
            case Moment():
                return self._is_moment(expected, got)
            case Address():
                return self.is_address(expected, got, reply)
            case bool() | None:
                return got is expected
            case int() | Decimal():
                return isinstance(got, int | Decimal) and got == expected and not _is_bool(got)
        return bool(got == expected)

    def _is_id(self, serial: int, got: object) -> bool:
        known = self._world.id_of(serial)
        if known is not None:
            return got == known
        if not isinstance(got, str) or not UUID_7.fullmatch(got) or self._world.is_known(got):
            return False
        if got < self._world.latest_id(serial):
            return False
        self._world.learn(serial, got)
        return True

    def _is_moment(self, moment: Moment, got: object) -> bool:
        if not isinstance(got, str) or canonical_time(got) != got:
            return False
        if moment.learned is None:
            window = moment.window
            if not time_text(window.before_ms) <= got <= time_text(window.after_ms):
                return False
            moment.learned = got
        return got == moment.learned


def _say(got: object) -> str:
    return "nothing that is JSON" if got is NO_JSON else json.dumps(got, default=str)[:200]


def _is_bool(got: object) -> bool:
    return isinstance(got, bool)
