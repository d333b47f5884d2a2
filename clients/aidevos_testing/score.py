"""How many of the faults that rules seed into a generated app the gates catch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from aidevos_agents.gates.run import ALL as GATES
from aidevos_agents.gates.run import run_gate
from aidevos_agents.spec.model import App

from aidevos_testing.in_process import InProcessCandidate, in_process
from aidevos_testing.mutation import Fault, with_fault

SEED = 1


@dataclass(slots=True)
class Score:
    """Faults by rule, and the names of those that no gate saw."""

    seeded: Counter[str] = field(default_factory=Counter)
    caught: Counter[str] = field(default_factory=Counter)
    survivors: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Caught faults of all, 0 to 1."""
        return self.caught.total() / max(1, self.seeded.total())

    def table(self) -> str:
        """Return one line for each rule."""
        return "\n".join(
            f"  {rule:16}{self.caught[rule]:4} of {self.seeded[rule]:4}" for rule in self.seeded
        )


async def score(app: App, bundle: Mapping[str, bytes], faults: Iterable[Fault]) -> Score:
    """Seed each fault alone, run the gates until one fails, and count."""
    found = Score()
    async with in_process(bundle) as right:
        await right.fresh()  # Its worker keeps the zygote warm for all that follow.
        for fault in faults:
            wrong = with_fault(bundle, fault)
            if wrong is not None:
                found.seeded[fault.rule] += 1
                if await is_caught(app, wrong):
                    found.caught[fault.rule] += 1
                else:
                    found.survivors.append(fault.name)
    return found


async def is_caught(app: App, bundle: Mapping[str, bytes]) -> bool:
    """Return whether some gate fails."""
    candidate = InProcessCandidate(bundle)
    try:
        for gate in GATES:
            report = await run_gate(gate, app, candidate, SEED, failures_max=1)
            if report.failed:
                return True
        return False
    finally:
        await candidate.close()
