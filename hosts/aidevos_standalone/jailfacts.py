"""What the jail has on this machine, for the operator: tried once, when somebody first asks."""

import asyncio
import subprocess

import msgspec
from aidevos_host.worker import JailReport, jail_report


class JailFacts:
    """Call it for the facts; the first time takes some 0.3 s, in a thread."""

    def __init__(self) -> None:
        """Try nothing yet."""
        self._asked: asyncio.Task[dict[str, str]] | None = None

    async def __call__(self) -> dict[str, str]:
        """Return each level by name: `active`, or why it is not."""
        if self._asked is None:
            self._asked = asyncio.create_task(_found())
        return await asyncio.shield(self._asked)


async def _found() -> dict[str, str]:
    try:
        return _levels(await asyncio.to_thread(jail_report))
    except (OSError, subprocess.SubprocessError, msgspec.DecodeError) as error:
        return {"report": f"unknown, it could not be made: {error}"}


def _levels(report: JailReport) -> dict[str, str]:
    facts = {"generated code": "runs in the jail" if report.safe else "is refused"}
    for level in (*report.floor, *report.extras):
        facts[level.name] = "active" if level.active else f"not active: {level.detail}"
    return facts
