"""What reflection shows of typed services, and to whom."""

import pytest
from aidevos_host.policy import ServicePolicy
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from typed_types import Everything
from typed_world import AS_OPERATOR, TypedWorld, counter, running


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
async def test_a_typed_service_is_described_with_comments_and_json_names(
    world: TypedWorld, version: str
) -> None:
    await world.serve([Everything])
    for symbol in ("EverythingService", "EverythingService.Echo", "EchoRequest", "Mood"):
        answer = await world.reflect(
            version=version, file_containing_symbol=f"everything.v1.{symbol}"
        )
        files = answer.file_descriptor_response.file_descriptor_proto
        described = {f.name: f for f in map(FileDescriptorProto.FromString, files)}
        assert set(described) >= {
            "everything/v1/everything.proto",
            "google/protobuf/timestamp.proto",
        }
    file = described["everything/v1/everything.proto"]
    comments = {place.leading_comments for place in file.source_code_info.location}
    assert " Does everything.\n" in comments
    assert " A circle.\n" in comments
    fields = {field.name: field for message in file.message_type for field in message.field}
    assert fields["expected_version"].json_name == "expectedVersion"
    by_name = await world.reflect(version=version, file_by_filename=file.name)
    assert file.SerializeToString() in by_name.file_descriptor_response.file_descriptor_proto


async def test_who_may_call_nothing_of_a_service_is_not_shown_it(world: TypedWorld) -> None:
    await world.serve([counter()], ServicePolicy(frozenset({("agent", "Counter", "add")})))
    assert await world.listed() == set()
    assert await world.listed(AS_OPERATOR) == {"counter.v1.CounterService"}
    symbol = "counter.v1.CounterService"
    hidden = await world.reflect(file_containing_symbol=symbol)
    assert hidden.HasField("error_response")
    shown = await world.reflect(AS_OPERATOR, file_containing_symbol=symbol)
    assert shown.HasField("file_descriptor_response")
    refused = await world.refusal(f"{symbol}/Add", key="a")
    assert refused.reason == "PERMISSION_DENIED"
    assert (await world.call(f"{symbol}/Add", AS_OPERATOR, key="a")).result == 1


async def test_beyond_loopback_who_has_no_token_sees_the_platforms_services_alone() -> None:
    async with running(address="0.0.0.0:0") as world:
        await world.serve([counter()])
        assert await world.listed() == set()
        answer = await world.reflect(list_services="")
        assert "aidevos.v1.ObjectService" in {s.name for s in answer.list_services_response.service}
        assert await world.listed(AS_OPERATOR) == {"counter.v1.CounterService"}
        refused = await world.refusal("counter.v1.CounterService/Add", key="a")
        assert refused.reason == "UNAUTHENTICATED"
