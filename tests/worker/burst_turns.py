"""Turns and bursts that keep what they are told (core/turn), and messages of a worker."""

from collections.abc import Sequence

from aidevos_host.worker_check import Judge
from aidevos_host.worker_turns import Turns
from aidevos_worker.frames import TurnsRan

from aidevos.core.ids import ObjectId
from aidevos.core.turn import (
    GroupReader,
    MethodInfo,
    TurnBurst,
    TurnRequest,
    TurnResult,
    TurnResults,
    TypeInfo,
)

JUDGE = Judge(
    (
        TypeInfo(
            name="Counter",
            state_version=1,
            methods=(MethodInfo(name="add", kind="command"),),
        ),
    )
)
A = ObjectId("default", "Counter", "a")


class OneTurn:
    """A turn, of a burst or not."""

    group: GroupReader

    def __init__(self, name: str, payload: bytes = b"{}", deadline_ms: int | None = None) -> None:
        self.name = name
        self.request = TurnRequest(
            object=A, method="add", payload=payload, principal="", now_ms=0, seed=0
        )
        self.deadline_ms = deadline_ms
        self.attempts = 0
        self.told: list[TurnResult] = []

    def ran(self, result: TurnResult) -> None:
        self.told.append(result)

    def __repr__(self) -> str:
        return self.name


class SomeTurns(TurnBurst):
    """A burst of turns called `<name>0`, `<name>1` ...; `whole` is what was told in columns."""

    COLUMNS = (*TurnBurst.COLUMNS, "left")

    def __init__(
        self,
        name: str,
        count: int,
        payload: bytes = b"{}",
        deadlines: Sequence[int | None] = (),
    ) -> None:
        late = [*deadlines, *[None] * count]
        self.turns = [OneTurn(f"{name}{n}", payload, late[n]) for n in range(count)]
        self.principal, self.now_ms = "", 0
        self.objects, self.methods = [A], ["add"]
        self.deadline_ms = min((each for each in deadlines if each is not None), default=None)
        self.broken = False
        self.whole: list[str] = []
        self.left = self.turns
        self.payloads = [payload] * count
        self.object_index = self.method_index = self.seeds = [0] * count

    def ran(self, results: TurnResults) -> None:
        assert not self.broken
        for turn, version, reply in zip(self.left, results.versions, results.replies, strict=True):
            turn.ran(TurnResult(outcome="ok", version=version, reply=reply))
            self.whole.append(turn.name)

    def apart(self) -> list[OneTurn]:
        assert not self.broken
        self.broken = True
        return self.left


def waiting(*items: OneTurn | SomeTurns, turns_max: int = 1_024, attempts_max: int = 3) -> Turns:
    turns = Turns(turns_max, attempts_max)
    add(turns, *items)
    return turns


def add(turns: Turns, *items: OneTurn | SomeTurns) -> None:
    for item in items:
        if isinstance(item, SomeTurns):
            turns.add_burst(item)
        else:
            turns.add(item)


def send(turns: Turns, now_ms: int = 0) -> list[int]:
    """Send all that may be sent now; return how many turns each frame has."""
    sizes = []
    while frame := turns.next_frame(JUDGE, turns.added - turns.taken, now_ms):
        sizes.append(len(frame.keys))
    return sizes


def well(first: int, count: int, **others: TurnResult) -> TurnsRan:
    """Return results of turns that were all well, but `others` (`_3`: the fourth).

    Each replies its own number.
    """
    numbers = range(first, first + count)
    return TurnsRan(
        first,
        list(numbers),
        [b"%d" % number for number in numbers],
        [()] * count,
        [{}] * count,
        {int(place[1:]): result for place, result in others.items()},
    )


def replies(*items: OneTurn | SomeTurns) -> list[bytes]:
    """Return what each turn was told, each once."""
    turns = [
        turn for item in items for turn in (item.turns if isinstance(item, SomeTurns) else [item])
    ]
    assert all(len(turn.told) == 1 for turn in turns), [turn.told for turn in turns]
    return [
        turn.told[0].reply if turn.told[0].outcome == "ok" else turn.told[0].outcome.encode()
        for turn in turns
    ]
