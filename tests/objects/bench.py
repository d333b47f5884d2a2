"""A workbench for object types: runs turns without a host, giving back states as a host would."""

from typing import Any

import msgspec

from aidevos.core import codec
from aidevos.core.errors import AidevosError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import EventRecord, Held, TurnResult
from aidevos.objects.object import DurableObject
from aidevos.objects.outcome import result_of
from aidevos.objects.runner import Runner

NOW = 1_700_000_000_123


class Bench:
    """The log of each object; `run` activates what the runner does not hold."""

    def __init__(self, *types: type[DurableObject], check_all: bool = False) -> None:
        self.reports: list[tuple[str, str]] = []
        self.runner = Runner(
            types, lambda where, trace: self.reports.append((where, trace)), check_all=check_all
        )
        self.runner.turn.loader = self
        self.held: dict[ObjectId, Held] = {}
        """Every object as the log has it: a state to begin with, and all events since."""
        self.asked: list[ObjectId] = []

    def get(self, object: ObjectId) -> Held:
        self.asked.append(object)
        return self.held.get(object, Held())

    def find(self, tenant: str, type_name: str) -> list[tuple[ObjectId, Held | None]]:
        return [
            (object, None)
            for object, held in self.held.items()
            if object.type == type_name and held.exists
        ]

    def run(
        self,
        where: str,
        method: str,
        *,
        seed: int = 7,
        guard: tuple[int | None, bool] | None = None,
        **arguments: object,
    ) -> TurnResult:
        """Run a turn; what it did is in the log."""
        kind, _, key = where.partition("/")
        object = ObjectId("default", kind, key)
        target = self.runner.target("default", kind, method)
        payload = codec.to_json(arguments)
        facts = ("anonymous", NOW, seed)
        result = result_of(object, self.runner.run(target, key, payload, facts, guard))
        if result.outcome == "lost":
            self.runner.activate(object, self.held.get(object, Held()))
            result = result_of(object, self.runner.run(target, key, payload, facts, guard))
        self._keep(result)
        return result

    def call(self, where: str, method: str, **arguments: object) -> Any:
        """Run a turn and return its reply; an error is raised."""
        result = self.run(where, method, **arguments)
        if result.error is not None:
            raise AidevosError.from_record(result.error)
        return codec.from_json(result.reply)

    def state(self, object: ObjectId) -> Held:
        """Return the state as it is stored, of an object that is held."""
        held = self.runner.state(object)
        assert held is not None, object
        return held

    def _keep(self, result: TurnResult) -> None:
        for change in result.changes:
            before = self.held.get(change.object, Held())
            assert change.first_seq == before.version + 1
            assert all(isinstance(event, EventRecord) for event in change.events)
            self.held[change.object] = msgspec.structs.replace(
                before,
                version=before.version + len(change.events),
                events=(*before.events, *change.events),
                deleted=change.deleted,
            )
