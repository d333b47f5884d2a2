"""Types that are written wrongly are told so at once; older states are translated."""

from typing import ClassVar

import pytest
from bench import Bench

import aidevos
from aidevos import DefinitionError, DurableObject, apply, command, query, upcast
from aidevos.core.errors import HandlerFailedError, UpgradeRequiredError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import EventRecord, Held


class Named(aidevos.Event, version=2):
    first: str
    last: str = ""


@upcast(Named, from_version=1)
def _split(old: dict[str, str]) -> dict[str, str]:
    first, _, last = old["name"].partition(" ")
    return {"first": first, "last": last}


class Person(DurableObject):
    """Somebody."""

    class State(aidevos.State, version=3):
        first: str = ""
        last: str = ""
        visits: int = 0

        @staticmethod
        def upcast_1(old: dict[str, str]) -> dict[str, str]:
            return {"first": old["name"]}

    state: State

    @command
    def rename(self, first: str, last: str = "") -> str:
        """Change the name."""
        self.emit(Named(first=first, last=last))
        return f"{self.state.first} {self.state.last}"

    @query
    def name(self) -> str:
        return f"{self.state.first} {self.state.last}"

    @apply
    def _named(self, event: Named) -> None:
        self.state.first, self.state.last = event.first, event.last


upcast(Person.State, from_version=1)(Person.State.upcast_1)
ANN = ObjectId("default", "Person", "ann")


def held(state: bytes | None, version: int, *events: EventRecord) -> Held:
    return Held(version=1, state=state, state_version=version, events=events)


def test_a_state_of_an_older_version_is_translated_step_by_step() -> None:
    bench = Bench(Person)
    bench.held[ANN] = held(b'{"name":"Ann"}', 1)
    assert bench.call("Person/ann", "name") == "Ann "


def test_a_step_without_an_upcaster_gives_new_fields_their_defaults() -> None:
    bench = Bench(Person)
    bench.held[ANN] = held(b'{"first":"Ann","last":"Lee"}', 2)
    assert bench.call("Person/ann", "name") == "Ann Lee"


def test_an_event_of_an_older_version_is_translated_before_it_is_folded() -> None:
    bench = Bench(Person)
    bench.held[ANN] = held(None, 0, EventRecord("Named", 1, b'{"name":"Ann Lee"}'))
    assert bench.call("Person/ann", "name") == "Ann Lee"


@pytest.mark.parametrize(
    "newer",
    [
        held(b'{"first":"Ann"}', 4),
        held(None, 0, EventRecord("Named", 3, b'{"first":"Ann"}')),
        held(None, 0, EventRecord("Renowned", 1, b"{}")),
    ],
)
def test_what_newer_code_wrote_is_refused_and_never_dropped(newer: Held) -> None:
    bench = Bench(Person)
    bench.held[ANN] = newer
    with pytest.raises(UpgradeRequiredError):
        bench.call("Person/ann", "rename", first="x")


def test_a_stored_field_that_the_class_does_not_know_is_never_dropped() -> None:
    bench = Bench(Person)
    bench.held[ANN] = held(b'{"first":"Ann","shoe":38}', 3)
    with pytest.raises(HandlerFailedError, match="give it an upcaster"):
        bench.call("Person/ann", "name")


def test_the_exported_schema_tells_methods_arguments_and_words() -> None:
    info = Person.definition.info
    rename = info.method("rename")
    assert rename is not None
    assert (rename.kind, rename.doc) == ("command", "Change the name.")
    assert rename.params["required"] == ["first"]
    assert info.state_version == 3
    assert info.method("_named") is None


class Happened(aidevos.Event):
    pass


def define(**members: object) -> type:
    annotations = members.pop("hints", {})
    return type(
        "Wrong", (DurableObject,), {"__doc__": "x", **members, "__annotations__": annotations}
    )


def test_an_event_without_an_apply_is_told_when_the_class_is_made() -> None:
    @command
    def go(self: DurableObject) -> None:
        self.emit(Happened())

    with pytest.raises(DefinitionError, match=r"Wrong.go: event Happened has no @apply"):
        define(go=go)


def test_a_method_without_annotations_is_told() -> None:
    @command
    def go(self, n) -> None: ...  # type: ignore[no-untyped-def]

    with pytest.raises(DefinitionError, match="argument n has no annotation"):
        define(go=go)


def test_an_asynchronous_method_is_told_why_not() -> None:
    @command
    async def go(self: DurableObject) -> None: ...

    with pytest.raises(DefinitionError, match="must be a plain def"):
        define(go=go)


def test_a_method_named_like_one_of_the_base_is_told() -> None:
    @command
    def emit(self: DurableObject) -> None: ...

    with pytest.raises(DefinitionError, match="choose another name"):
        define(emit=emit)


def test_an_index_on_a_field_that_is_not_there_is_told() -> None:
    with pytest.raises(DefinitionError, match="nothing is not a field"):
        define(indexed=("nothing",))


def test_a_state_field_without_a_default_is_told() -> None:
    class State(aidevos.State):
        n: int

    with pytest.raises(DefinitionError, match="n has no default"):
        define(State=State)


def test_an_upcaster_from_a_version_that_never_was_is_told() -> None:
    with pytest.raises(DefinitionError, match="between 1 and 2"):
        upcast(Person.State, from_version=3)


def test_events_are_immutable() -> None:
    with pytest.raises(AttributeError):
        Named(first="x").first = "y"  # type: ignore[misc]


class Added(aidevos.Event):
    pass


class Watched(DurableObject):
    """Counts its activations."""

    log: ClassVar[list[str]] = []

    class State(aidevos.State):
        n: int = 0

    state: State

    def activate(self) -> None:
        Watched.log.append("activate")

    def deactivate(self, reason: str) -> None:
        Watched.log.append(f"deactivate {reason}")

    @command
    def add(self) -> int:
        self.emit(Added())
        return self.state.n

    @command
    def fail(self) -> None:
        raise RuntimeError("x")

    @apply
    def _added(self, event: Added) -> None:
        self.state.n += 1


def test_an_object_is_activated_once_and_deactivated_when_the_runner_closes() -> None:
    Watched.log.clear()
    bench = Bench(Watched)
    bench.call("Watched/a", "add")
    bench.call("Watched/a", "add")
    bench.runner.close()
    assert Watched.log == ["activate", "deactivate shutdown"]


def test_a_failed_turn_drops_the_instance_and_the_next_one_activates_again() -> None:
    Watched.log.clear()
    bench = Bench(Watched)
    bench.call("Watched/a", "add")
    assert bench.run("Watched/a", "fail").outcome == "failed"
    assert bench.call("Watched/a", "add") == 2
    assert Watched.log == ["activate", "activate"]
