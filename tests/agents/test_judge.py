"""A bundle that allows more than its doors offer is judged unfit before anything of it runs."""

import msgspec
from aidevos_agents.evaluation import judge
from aidevos_agents.generate import backend, devops, frontend, security
from aidevos_agents.roles.answers import Gate
from aidevos_agents.spec import compile_spec
from servers import TODO


class Notes:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def begun(self, gate: str) -> None:
        self.told.append(gate)

    async def ended(self, gate: Gate) -> None:
        self.told.append(f"{gate.gate}: {gate.failed} failed")


async def test_a_policy_that_allows_what_nothing_needs_is_unfit() -> None:
    compilation = compile_spec(TODO.read_text())
    app = compilation.model
    assert app is not None
    parts = (backend(app, {}), frontend(app, {}), security(app))
    files = dict(devops(app, {}, parts, 1))
    manifest = msgspec.json.decode(files["app.json"])
    manifest["policy"] += [
        {"role": "anyone", "type": "Todo", "method": "read"},
        {"role": "anyone", "type": "*", "method": "*"},
    ]
    files["app.json"] = msgspec.json.encode(manifest)
    notes = Notes()
    (gate,) = await judge(msgspec.json.encode(app), files, 0, notes)
    assert (gate.gate, gate.failed) == ("policy", 2)
    assert "anyone call Todo.read" in gate.failures[0]
    assert notes.told == ["policy", "policy: 2 failed"]
