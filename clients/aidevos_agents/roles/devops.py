"""devops: puts the parts together into one bundle, and deploys the bundle that was tested."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

import msgspec

from aidevos.core.errors import FailedPreconditionError
from aidevos_agents.agent.message import Outcome, Task
from aidevos_agents.artifacts import Files
from aidevos_agents.reasoner.request import Request
from aidevos_agents.roles.answers import Part
from aidevos_agents.roles.base import RoleAgent, failed
from aidevos_agents.roles.generators import stored
from aidevos_agents.runs import DEPLOY, FAILED, GENERATE, OK, RUNNING


class DevOps(RoleAgent):
    """Assembles and deploys."""

    role_name = "devops"
    does: ClassVar[tuple[str, ...]] = ("assemble", "deploy")

    def tasks(self) -> Mapping[str, Callable[[Task], Awaitable[Outcome]]]:
        """Return what it does."""
        return {"assemble": self._assemble, "deploy": self._deploy}

    def blueprints(self) -> Mapping[str, Callable[[Request[Any]], Awaitable[Any]]]:
        """Return what its reasoner knows."""
        return {"assemble": self._made}

    async def _assemble(self, task: Task) -> Outcome:
        """Input: hashes `model` and `lines`, `trees` by role, and the `version` to be."""
        await self.runs.record(task.run, GENERATE, RUNNING, part=self.role)
        response = await self.think(task, "assemble", Part)
        part = response.output
        facts = {"files": part.files, "bytes": part.bytes}
        await self.runs.record(
            task.run,
            GENERATE,
            OK,
            part=self.role,
            details={**facts, "provenance": msgspec.to_builtins(response.provenance)},
            tree=part.tree,
        )
        return Outcome(ok=True, output={"tree": part.tree, **facts}, evidence=(part.tree,))

    async def _made(self, request: Request[Any]) -> Part:
        given = request.input
        model, lines = await asyncio.gather(
            self.artifacts.get(given["model"]), self.artifacts.get(given["lines"])
        )
        trees = [given["trees"][role] for role in sorted(given["trees"])]
        parts = await asyncio.gather(*(self.artifacts.get_tree(tree) for tree in trees))
        files = await asyncio.to_thread(_bundle, model, lines, parts, given["version"])
        return await stored(self, files)

    async def _deploy(self, task: Task) -> Outcome:
        """Input: the `app`, its `tree`, and `report`, the hash of what the gates found."""
        given = task.input
        await self.runs.record(task.run, DEPLOY, RUNNING)
        try:
            deployed = await self.runs.deploy(
                task.run, given["app"], given["tree"], [given["report"]]
            )
        except FailedPreconditionError as error:
            await self.runs.record(task.run, DEPLOY, FAILED, details={"reason": error.message})
            return failed(f"it cannot be installed: {error.message}", "see `aidevos doctor`")
        version = deployed.current.version
        details = {"app": deployed.app, "version": version}
        await self.runs.record(task.run, DEPLOY, OK, details=details, tree=given["tree"])
        return Outcome(ok=True, output=details, evidence=(given["tree"],))


def _bundle(model: bytes, lines: bytes, parts: list[Files], version: int) -> Files:
    from aidevos_agents.generate import devops  # noqa: PLC0415 (heavy: only where it is used)
    from aidevos_agents.spec.model import App  # noqa: PLC0415

    app = msgspec.json.decode(model, type=App)
    where = msgspec.json.decode(lines, type=dict[str, int])
    return dict(devops(app, where, parts, version))
