"""Watching: every change, in order, without gaps, from a revision on."""

import asyncio

from aidevos.registry.conformance.kit import PATIENCE_S, Kit, following, refusal, service


class ChangeCases(Kit):
    """What watchers see."""

    async def test_a_watch_goes_on_from_a_revision_without_a_gap(self) -> None:
        registry = await self.open_registry()
        first = await registry.register(service("a"), "me")
        await registry.register(service("b"), "me")
        changes = registry.watch(after_revision=first.revision)
        assert await following(changes, 1) == [("b", False)]
        await registry.deregister("a", "me")
        assert await following(changes, 1) == [("a", True)]

    async def test_a_watch_without_a_revision_begins_now(self) -> None:
        registry = await self.open_registry()
        await registry.register(service("a"), "me")
        changes = registry.watch()
        coming = asyncio.ensure_future(anext(changes))
        await asyncio.sleep(0)
        await registry.register(service("b"), "me")
        change = await asyncio.wait_for(coming, PATIENCE_S)
        assert change.registered.service.name == "b"

    async def test_revisions_grow_by_one_change_at_a_time(self) -> None:
        registry = await self.open_registry()
        first = await registry.register(service("a"), "me")
        await registry.register(service("a", version="2"), "me")
        await registry.deregister("a", "me")
        changes = registry.watch(after_revision=first.revision)
        seen = [await asyncio.wait_for(anext(changes), PATIENCE_S) for _ in range(2)]
        assert [change.revision for change in seen] == [first.revision + 1, first.revision + 2]
        assert seen[1].gone
        assert seen[1].registered.service.version == "2"

    async def test_a_prefix_narrows_what_a_watcher_sees(self) -> None:
        registry = await self.open_registry()
        first = await registry.register(service("b/0"), "me")
        for name in ("a/1", "b/1", "a/2", "b/2"):
            await registry.register(service(name), "me")
        changes = registry.watch("b/", first.revision)
        assert await following(changes, 2) == [("b/1", False), ("b/2", False)]

    async def test_all_watchers_see_the_same(self) -> None:
        registry = await self.open_registry()
        first = await registry.register(service("a"), "me")
        watchers = [registry.watch(after_revision=first.revision) for _ in range(3)]
        await registry.register(service("b"), "me")
        for changes in watchers:
            assert await following(changes, 1) == [("b", False)]

    async def test_a_revision_that_is_too_old_is_refused(self) -> None:
        registry = await self.open_registry()
        first = await registry.register(service("a"), "me")
        for version in range(1_100):
            await registry.register(service("a", version=str(version)), "me")
        changes = registry.watch(after_revision=first.revision)
        assert await refusal(_first(changes)) == "FAILED_PRECONDITION"

    async def test_closing_ends_the_watchers(self) -> None:
        registry = await self.open_registry()
        coming = asyncio.ensure_future(_first(registry.watch()))
        await asyncio.sleep(0)
        await registry.close()
        assert await refusal(_awaited(coming)) == "UNAVAILABLE"


async def _first(changes: object) -> object:
    return await anext(changes)  # type: ignore[call-overload]


async def _awaited(future: "asyncio.Future[object]") -> object:
    return await asyncio.wait_for(future, PATIENCE_S)
