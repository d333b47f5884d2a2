"""Leases: what is not renewed is gone, what has none stays."""

from aidevos.registry.conformance.kit import Kit, following, names, service


class LeaseCases(Kit):
    """Time."""

    async def test_a_registration_ends_with_its_lease(self) -> None:
        registry = await self.open_registry()
        await registry.register(service("a"), "me", 1_000)
        await self.advance(999)
        assert await names(registry) == ["a"]
        await self.advance(1)
        assert await names(registry) == []

    async def test_renewing_makes_the_lease_last_anew(self) -> None:
        registry = await self.open_registry()
        await registry.register(service("a"), "me", 1_000)
        await self.advance(900)
        await registry.register(service("a"), "me", 1_000)
        await self.advance(900)
        assert await names(registry) == ["a"]

    async def test_without_a_lease_it_stays(self) -> None:
        registry = await self.open_registry()
        await registry.register(service("a"), "me")
        await self.advance(10_000_000)
        assert await names(registry) == ["a"]

    async def test_an_update_leaves_the_lease_as_it_is(self) -> None:
        registry = await self.open_registry()
        await registry.register(service("a"), "me", 1_000)
        await self.advance(900)
        await registry.update(service("a", version="2"), "me")
        await self.advance(100)
        assert await names(registry) == []

    async def test_a_name_is_free_when_its_lease_has_ended(self) -> None:
        registry = await self.open_registry()
        await registry.register(service("a"), "me", 1_000)
        await self.advance(1_000)
        registered = await registry.register(service("a"), "you")
        assert registered.owner == "you"

    async def test_watchers_are_told_of_the_end_of_a_lease(self) -> None:
        registry = await self.open_registry()
        revision = (await registry.list_services()).revision
        await registry.register(service("long"), "me", 2_000)
        await registry.register(service("short"), "me", 1_000)
        changes = registry.watch(after_revision=revision or 1)
        if not revision:
            assert await following(changes, 1) == [("short", False)]
        else:
            assert await following(changes, 2) == [("long", False), ("short", False)]
        await self.advance(1_000)
        assert await following(changes, 1) == [("short", True)]
        await self.advance(1_000)
        assert await following(changes, 1) == [("long", True)]
