"""A client that uses the product's own client as any user does, and dies with it.

Framed calls that were under way when it died stay unknown: only the history tells. Calls with a
request_id are asked again in its next life; of those that were answered, some once more. Some
callers lose their patience in the middle.
"""

import asyncio
from collections.abc import Awaitable

import msgspec
from aidevos_client import CallOptions, Client
from journal import NOT_ASKED, READ, UNARY, Asked, Journal, Kept, Told, now
from load import Load, learned, type_of
from progress import step, up

from aidevos.core.call import Answer
from aidevos.core.errors import AidevosError, NotFoundError

TIMEOUT_S = 120.0
HASTY = 0.03
"""How many callers lose their patience."""
FINAL = ("INVALID_ARGUMENT", "FAILED_PRECONDITION", "VERSION_CONFLICT")


class RealCaller:
    """One life of the client."""

    def __init__(self, journal: Journal, kept: Kept, load: Load) -> None:
        """Go on where the journal ends."""
        calls = list(kept.calls.values())
        learned(load, calls)
        self._journal = journal
        self._load = load
        self._rng = load.rng
        self._owed = [c.asked for c in calls if c.asked.via == UNARY and c.final is None]
        self._stopping = False

    def stop(self) -> None:
        """Make no new calls; `run` returns when all are answered."""
        self._stopping = True

    async def run(self, address: str) -> None:
        """Call until stopped and answered."""
        async with Client(address) as client:
            await asyncio.gather(*(self._ask(client, asked, again=False) for asked in self._owed))
            await asyncio.gather(*(self._call(client) for _ in range(self._load.outstanding)))

    async def _call(self, client: Client) -> None:
        """One call after another, with pauses."""
        rng = self._rng
        while not self._stopping:
            kind = rng.random()
            if kind < 0.06:
                await self._read(client)
            elif kind < 0.15:
                asked = self._begin(UNARY)
                await self._ask(client, asked, again=False)
                if asked.method != "total" and rng.random() < 0.5:
                    await self._ask(client, asked, again=True)
            else:
                await self._ask(client, self._begin(), again=False)
            await asyncio.sleep(rng.uniform(0, self._load.pace_s * self._load.outstanding / 6))

    def _begin(self, via: str = "framed") -> Asked:
        asked = self._load.next(via=via)
        self._journal.write(asked)
        step()
        return asked

    async def _ask(self, client: Client, asked: Asked, *, again: bool) -> None:
        """Ask; a call with a request_id so often until it has an answer that counts."""
        told = await self._told(client, asked, again=again)
        while asked.via == UNARY and told is not None and not told.final:
            told = await self._told(client, asked, again=again)

    async def _told(self, client: Client, asked: Asked, *, again: bool) -> Told | None:
        """Write down what a call came to; None if its caller lost patience."""
        unary = asked.via == UNARY
        options = CallOptions(
            request_id=asked.call if unary else None,
            expected_version=None if asked.expected == NOT_ASKED else asked.expected,
            timeout_s=TIMEOUT_S,
        )
        hasty = not unary and self._rng.random() < HASTY
        address = (type_of(asked.key), asked.key)
        asking = client.invoke(address, asked.method, asked.arguments, options)
        waiting = asyncio.wait_for(asking, self._rng.uniform(0, 0.02) if hasty else None)
        told = await _outcome(asked.call, again, waiting)
        if told is not None:
            self._journal.write(told)
            self._load.learn(asked, told)
            up()
        return told

    async def _read(self, client: Client) -> None:
        """Look at one object from outside, or at all."""
        asked = self._begin(READ)
        try:
            if self._rng.random() < 0.2:
                seen = {
                    view.object.key: [view.version, view.index["total"]]
                    async for view in client.list()
                }
                told = Told(asked.call, now(), reply=msgspec.json.encode(seen).decode())
            else:
                view = await client.get(type_of(asked.key), asked.key)
                reply = str(msgspec.json.decode(view.state)["total"])
                told = Told(asked.call, now(), view.version, reply)
        except NotFoundError:
            told = Told(asked.call, now(), 0, "0")
        self._journal.write(told)


async def _outcome(call: str, again: bool, asking: Awaitable[Answer]) -> Told | None:
    """Return what a call came to; None if that is not known."""
    try:
        answer = await asking
    except TimeoutError:
        return None
    except AidevosError as error:
        violations = [[one.field, one.reason, one.detail] for one in error.violations]
        said = {"message": error.message, "violations": violations, **error.metadata}
        said.pop("request_id", None)
        final = error.reason in FINAL
        return Told(call, now(), reason=error.reason, error=said, final=final, again=again)
    return Told(call, now(), answer.version, answer.payload.decode(), answer.repeated, again=again)
