"""Registering, finding, describing anew, taking away."""

from aidevos.registry.conformance.kit import Kit, names, refusal, service


class RegistrationCases(Kit):
    """Who holds a name, and what is found."""

    async def test_what_is_registered_is_there_with_its_owner(self) -> None:
        registry = await self.open_registry()
        registered = await registry.register(service("a"), "me")
        assert (registered.service, registered.owner) == (service("a"), "me")
        assert (await registry.list_services()).services == (registered,)
        assert registered.registered_ms > 0

    async def test_a_name_has_one_owner(self) -> None:
        registry = await self.open_registry()
        await registry.register(service("a"), "me")
        assert await refusal(registry.register(service("a"), "you")) == "ALREADY_EXISTS"

    async def test_registering_the_same_again_is_no_change(self) -> None:
        registry = await self.open_registry()
        first = await registry.register(service("a"), "me")
        again = await registry.register(service("a"), "me")
        assert first == again
        assert (await registry.list_services()).revision == first.revision

    async def test_registering_it_otherwise_replaces_the_description(self) -> None:
        registry = await self.open_registry()
        first = await registry.register(service("a"), "me")
        again = await registry.register(service("a", version="2"), "me")
        assert again.service.version == "2"
        assert again.revision > first.revision
        assert again.registered_ms == first.registered_ms

    async def test_services_are_listed_by_name_and_prefix(self) -> None:
        registry = await self.open_registry()
        for name in ("b/2", "a/1", "b/1"):
            await registry.register(service(name), "me")
        assert await names(registry) == ["a/1", "b/1", "b/2"]
        assert await names(registry, "b/") == ["b/1", "b/2"]

    async def test_all_criteria_must_hold(self) -> None:
        registry = await self.open_registry()
        await registry.register(service("a", criteria={"role": "x", "zone": "1"}), "me")
        await registry.register(service("b", criteria={"role": "x"}), "me")
        for criteria, found in (
            ({}, ["a", "b"]),
            ({"role": "x"}, ["a", "b"]),
            ({"role": "x", "zone": "1"}, ["a"]),
            ({"role": "y"}, []),
            ({"other": ""}, []),
        ):
            services = await registry.discover(criteria)
            assert [registered.service.name for registered in services] == found

    async def test_a_kind_narrows_what_is_found(self) -> None:
        registry = await self.open_registry()
        await registry.register(service("a", kind="host"), "me")
        assert await registry.discover({}, "app") == ()
        assert len(await registry.discover({}, "host")) == 1

    async def test_metadata_is_not_found_by(self) -> None:
        registry = await self.open_registry()
        await registry.register(service("a", metadata={"role": "x"}), "me")
        assert await registry.discover({"role": "x"}) == ()

    async def test_an_update_needs_the_revision_that_is_expected(self) -> None:
        registry = await self.open_registry()
        first = await registry.register(service("a"), "me")
        await registry.update(service("a", version="2"), "me", first.revision)
        late = registry.update(service("a", version="3"), "me", first.revision)
        assert await refusal(late) == "VERSION_CONFLICT"
        [now] = (await registry.list_services()).services
        assert now.service.version == "2"

    async def test_an_update_of_nothing_is_refused(self) -> None:
        registry = await self.open_registry()
        assert await refusal(registry.update(service("a"), "me")) == "NOT_FOUND"

    async def test_only_its_owner_or_an_operator_changes_a_registration(self) -> None:
        registry = await self.open_registry()
        await registry.register(service("a"), "me")
        assert await refusal(registry.update(service("a"), "you")) == "PERMISSION_DENIED"
        assert await refusal(registry.deregister("a", "you")) == "PERMISSION_DENIED"
        await registry.deregister("a", "operator")
        assert await names(registry) == []

    async def test_taking_away_what_is_gone_is_no_error(self) -> None:
        registry = await self.open_registry()
        await registry.register(service("a"), "me")
        await registry.deregister("a", "me")
        await registry.deregister("a", "me")
        assert await names(registry) == []
