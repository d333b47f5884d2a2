"""The object that keeps what was promised refuses what would break it, whoever asks."""

from typing import Any
from uuid import uuid4

import msgspec
import pytest
from msgspec.structs import replace
from typed_world import TypedWorld, counter, running, with_numbers

from aidevos.core.call import Call, CallId
from aidevos.core.errors import AidevosError
from aidevos.doors.typed.contract import Contract, Reserved
from aidevos.doors.typed.type_contract import contract_of_type
from aidevos.system.contracts import MAJORS_KEPT, TypedContract
from aidevos.system.names import contract_of

OBJECT = contract_of("default", "type", "Counter")


def first() -> Contract:
    return with_numbers(contract_of_type(counter().definition.info))  # type: ignore[attr-defined]


async def publish(world: TypedWorld, contract: Contract) -> Any:
    call = Call(
        object=OBJECT,
        method="publish",
        payload=msgspec.json.encode({"subject": "type Counter", "contract": contract}),
        principal="system",
        id=CallId(uuid4().hex),
    )
    answer = await world.host.invoke(call)
    if answer.error is not None:
        raise AidevosError.from_record(answer.error)
    return msgspec.json.decode(answer.payload)


async def state(world: TypedWorld) -> TypedContract.State:
    view = await world.host.get_object(OBJECT, "system")
    return msgspec.json.decode(view.state, type=TypedContract.State)


def changed(contract: Contract, **field: Any) -> Contract:
    """Return `contract` with the author's field of its first request changed."""
    request = contract.messages[0]
    fields = tuple(replace(f, **field) if f.json else f for f in request.fields)
    return replace(contract, messages=(replace(request, fields=fields), *contract.messages[1:]))


async def test_what_is_published_twice_changes_nothing() -> None:
    async with running() as world:
        assert [await publish(world, first()) for _ in range(2)] == [1, 1]
        found = await state(world)
        assert (found.package, found.service, found.last_major) == ("counter", "CounterService", 1)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda c: changed(c, name="m"), id="another name"),
        pytest.param(lambda c: changed(c, type="string"), id="another type"),
        pytest.param(lambda c: changed(c, number=11), id="another number"),
        pytest.param(lambda c: replace(c, messages=c.messages[1:]), id="a message forgotten"),
        pytest.param(lambda c: replace(c, major=3), id="a version left out"),
        pytest.param(lambda c: replace(c, package="other"), id="another package"),
    ],
)
async def test_a_number_never_gets_a_second_meaning(wrong: Any) -> None:
    async with running() as world:
        await publish(world, first())
        with pytest.raises(AidevosError) as caught:
            await publish(world, wrong(first()))
        assert caught.value.reason == "FAILED_PRECONDITION"
        assert (await state(world)).majors == (first(),)


async def test_what_is_reserved_is_kept_and_old_versions_are_bounded() -> None:
    async with running() as world:
        one = first()
        await publish(world, one)
        request = one.messages[0]
        fields = tuple(field for field in request.fields if not field.json)
        less = replace(request, fields=fields, reserved=(Reserved(10, "n"),))
        await publish(world, replace(one, messages=(less, *one.messages[1:])))
        with pytest.raises(AidevosError):
            await publish(world, replace(one, doc="with n again"))
        for major in range(2, MAJORS_KEPT + 3):
            await publish(world, replace(one, major=major))
        found = await state(world)
        assert [found.majors[0].major, found.last_major] == [3, MAJORS_KEPT + 2]
