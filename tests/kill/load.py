"""What the clients of the killed server call: by chance, on few objects, two of them hot.

Every kind of outcome is in it: changes of one and of several events, of one object and of two,
refusals by the arguments, by the state and by the version, queries.
"""

import random
from typing import Any

from journal import FRAMED, NOT_ASKED, Asked, Call, Told, now

HOT = ("k0", "k1")
KEYS = (*HOT, *(f"k{number}" for number in range(2, 14)), *(f"p{number}" for number in range(4)))
PAIRS = tuple((f"{{g{number}}}a", f"{{g{number}}}{'bp'[number % 2]}") for number in range(6))
ALL_KEYS = (*KEYS, *(key for pair in PAIRS for key in pair))
PARTS = 3
CALM = ((0.008, 64),)
WILD = ((0.001, 96), (0.001, 400), (0.006, 16), (0.006, 96), (0.012, 400))
"""Lives of clients: the mean pause between two frames, and how many calls may be under way."""
METHODS = {"add": 52, "refused": 6, "add_parts": 7, "take": 9, "give": 8, "total": 18}


def type_of(key: str) -> str:
    """Return the type of an object by its key: purses begin with p, in a group behind the tag."""
    return "Purse" if key.rpartition("}")[2].startswith("p") else "Ledger"


class Load:
    """Makes one client's calls. Their names never come again, not in a later life either."""

    def __init__(self, client: str, seed: int, calls_before: int, *, wild: bool) -> None:
        """`calls_before`: how many it made in earlier lives."""
        self.rng = random.Random(f"{client} {seed} {calls_before}")
        self.pace_s, self.outstanding = self.rng.choice(WILD if wild else CALM)
        self._client = client
        self._count = calls_before
        self._versions: dict[str, int] = {}
        self._totals: dict[str, int] = {}

    def next(self, *, via: str = FRAMED, number: int = 0) -> Asked:
        """Return a call that begins now."""
        self._count += 1
        rng, name = self.rng, f"{self._client}.{self._count}"
        kind = rng.choices(list(METHODS), METHODS.values())[0]
        key = rng.choice(HOT) if rng.random() < 0.4 else rng.choice(ALL_KEYS)
        arguments: dict[str, Any] = {"call": name, "n": self._count}
        method = kind
        if kind == "refused":
            method, arguments["n"] = "add", -rng.randint(0, 9)
        elif kind == "add_parts":
            arguments["parts"] = PARTS
        elif kind == "take":
            arguments["n"] = max(1, self._totals.get(key, 0) + rng.randint(-99, 99))
        elif kind == "give":
            key, arguments["to"] = rng.sample(rng.choice(PAIRS), 2)
        elif kind == "total":
            arguments = {}
        expected = self._expected(key) if method == "add" else NOT_ASKED
        return Asked(name, via, key, method, arguments, now(), number, expected)

    def _expected(self, key: str) -> int:
        if self.rng.random() < 0.85:
            return NOT_ASKED
        return max(0, self._versions.get(key, 0) + self.rng.randint(-1, 1))

    def learn(self, asked: Asked, told: Told) -> None:
        """Take an answer, from which later calls are made."""
        if told.version >= 0:
            self._versions[asked.key] = told.version
        if told.reply.lstrip("-").isdigit():
            self._totals[asked.key] = int(told.reply)


def learned(load: Load, calls: list[Call]) -> None:
    """Let a client's next life begin with what it knew."""
    for call in calls[-200:]:
        if call.final is not None:
            load.learn(call.asked, call.final)
