"""A workbench for object types: runs turns without a host, keeping states as a host would."""

from typing import Any

from aidevos.core import codec
from aidevos.core.errors import AidevosError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import Held, TurnRequest, TurnResult
from aidevos.objects.object import DurableObject
from aidevos.objects.runner import Runner

NOW = 1_700_000_000_123


class Bench:
    """States by object; `call` runs a turn and keeps what it did."""

    def __init__(self, *types: type[DurableObject]) -> None:
        self.reports: list[tuple[str, str]] = []
        self.runner = Runner(types, lambda where, trace: self.reports.append((where, trace)))
        self.held: dict[ObjectId, Held] = {}

    def get(self, object: ObjectId) -> Held:
        return self.held.get(object, Held())

    def find(self, tenant: str, type_name: str) -> list[tuple[ObjectId, Held]]:
        return [
            (object, held)
            for object, held in self.held.items()
            if object.type == type_name and held.exists
        ]

    def run(self, where: str, method: str, *, seed: int = 7, **arguments: object) -> TurnResult:
        kind, _, key = where.partition("/")
        object = ObjectId("default", kind, key)
        request = TurnRequest(
            object=object,
            method=method,
            payload=codec.to_json(arguments),
            principal="anonymous",
            now_ms=NOW,
            seed=seed,
            held=self.get(object),
        )
        return self.runner.run(request, self)

    def call(self, where: str, method: str, **arguments: object) -> Any:
        """Run a turn, keep its changes and return its reply; an error is raised."""
        result = self.run(where, method, **arguments)
        if result.error is not None:
            raise AidevosError.from_record(result.error)
        for changed in result.changes:
            before = self.get(changed.object)
            self.held[changed.object] = Held(
                version=before.version + len(changed.events),
                state=changed.state,
                state_version=changed.state_version,
                deleted=changed.deleted,
            )
        return codec.from_json(result.reply)
