"""backend, frontend, security: from the app model to files, in parallel, each on its own."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from aidevos_agents.agent.message import Outcome, Task
from aidevos_agents.artifacts import Files
from aidevos_agents.reasoner.request import Request
from aidevos_agents.roles.answers import Part
from aidevos_agents.roles.base import RoleAgent
from aidevos_agents.runs import GENERATE, OK, RUNNING

if TYPE_CHECKING:
    from aidevos_agents.spec.model import App


class Generator(RoleAgent):
    """A role that makes its part of the bundle. Input: hashes `model` and `lines`."""

    does: ClassVar[tuple[str, ...]] = ("generate",)

    def tasks(self) -> Mapping[str, Callable[[Task], Awaitable[Outcome]]]:
        """Return what it does."""
        return {"generate": self._generate}

    def blueprints(self) -> Mapping[str, Callable[[Request[Any]], Awaitable[Any]]]:
        """Return what its reasoner knows."""
        return {"generate": self._made}

    def make(self, app: "App", lines: dict[str, int]) -> Files:
        """Return the files of this role's part; the same for the same model."""
        raise NotImplementedError

    async def _generate(self, task: Task) -> Outcome:
        await self.runs.record(task.run, GENERATE, RUNNING, part=self.role)
        response = await self.think(task, "generate", Part)
        part = response.output
        facts = {"files": part.files, "bytes": part.bytes}
        provenance = msgspec.to_builtins(response.provenance)
        await self.runs.record(
            task.run,
            GENERATE,
            OK,
            part=self.role,
            details={**facts, "provenance": provenance},
            tree=part.tree,
        )
        return Outcome(ok=True, output={"tree": part.tree, **facts}, evidence=(part.tree,))

    async def _made(self, request: Request[Any]) -> Part:
        model, lines = await asyncio.gather(
            self.artifacts.get(request.input["model"]), self.artifacts.get(request.input["lines"])
        )
        files = await asyncio.to_thread(self._from_json, model, lines)
        return await stored(self, files)

    def _from_json(self, model: bytes, lines: bytes) -> Files:
        from aidevos_agents.spec.model import App  # noqa: PLC0415 (heavy: only where it is used)

        app = msgspec.json.decode(model, type=App)
        return self.make(app, msgspec.json.decode(lines, type=dict[str, int]))


async def stored(agent: RoleAgent, files: Files) -> Part:
    """Store files as a tree and say how much it is."""
    tree = await agent.artifacts.put_tree(files)
    return Part(tree=tree, files=len(files), bytes=sum(map(len, files.values())))


class Backend(Generator):
    """Makes the object types and the app's methods."""

    role_name = "backend"

    def make(self, app: "App", lines: dict[str, int]) -> Files:
        """Return the package of object types."""
        from aidevos_agents.generate import backend  # noqa: PLC0415

        return dict(backend(app, lines))


class Frontend(Generator):
    """Makes the pages."""

    role_name = "frontend"

    def make(self, app: "App", lines: dict[str, int]) -> Files:
        """Return templates and the code that renders them."""
        from aidevos_agents.generate import frontend  # noqa: PLC0415

        return dict(frontend(app, lines))


class Security(Generator):
    """Makes the policy: who may call what; the rest is denied."""

    role_name = "security"

    def make(self, app: "App", lines: dict[str, int]) -> Files:
        """Return the policy."""
        from aidevos_agents.generate import security  # noqa: PLC0415

        return dict(security(app))
