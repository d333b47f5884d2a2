"""Messages to protobuf and back: the only module of the framework that knows both."""

from typing import Any

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct, Value

from aidevos.v1 import agents_pb2 as pb
from aidevos_agents.agent.message import Attachment, Delivery, Message


def to_value(content: Any) -> Value:
    """Return any JSON value as a protobuf Value."""
    return json_format.ParseDict(content, Value())


def to_struct(fields: dict[str, Any]) -> Struct:
    """Return a JSON object as a protobuf Struct."""
    return json_format.ParseDict(fields, Struct())


def plain(value: Value | Struct) -> Any:
    """Return the JSON value; whole doubles become integers again."""
    return _whole(json_format.MessageToDict(value))


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: _whole(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return value


def message_to_wire(message: Message) -> pb.Message:
    """Return the wire form; what the platform fills in stays empty."""
    return pb.Message(
        sender=message.sender,
        recipient=message.recipient,
        message_type=message.message_type,
        content=to_value(message.content),
        message_id=message.message_id,
        reply_to=message.reply_to,
        metadata=to_struct(message.metadata) if message.metadata else None,
        attachments=[
            pb.Attachment(name=a.name, media_type=a.media_type, sha256=a.sha256, size=a.size)
            for a in message.attachments
        ],
        correlation_id=message.correlation_id,
        causation_id=message.causation_id,
        conversation_id=message.conversation_id,
        task_id=message.task_id,
        evidence=message.evidence,
    )


def message_from_wire(wire: pb.Message) -> Message:
    """Return the message."""
    return Message(
        sender=wire.sender,
        recipient=wire.recipient,
        message_type=wire.message_type,
        content=plain(wire.content),
        message_id=wire.message_id,
        reply_to=wire.reply_to,
        metadata=plain(wire.metadata) if wire.HasField("metadata") else {},
        attachments=tuple(
            Attachment(a.name, a.sha256, a.media_type, a.size) for a in wire.attachments
        ),
        correlation_id=wire.correlation_id,
        causation_id=wire.causation_id,
        conversation_id=wire.conversation_id,
        task_id=wire.task_id,
        evidence=tuple(wire.evidence),
        seq=wire.seq,
        timestamp_ms=wire.timestamp.ToMilliseconds(),
    )


def delivery_from_wire(wire: pb.Delivery) -> Delivery:
    """Return the delivery."""
    return Delivery(message_from_wire(wire.message), wire.attempt)
