"""Artifact: content by its hash. It never changes; its key proves it."""

import hashlib

from aidevos.core.errors import InvalidArgumentError
from aidevos.objects import DurableObject, Event, apply, command, query, schema
from aidevos.system.names import ARTIFACT_BYTES_MAX, check_bound, to_ms

MEDIA_TYPE = "application/octet-stream"
TREE = "application/vnd.aidevos.tree+json"


class Stored(Event):
    """The content was put for the first time."""

    media_type: str
    content: bytes
    time_ms: int


class Artifact(DurableObject):
    """One artifact; its key is the hex SHA-256 of its content."""

    class State(schema.State):
        """The content and what it is."""

        media_type: str = ""
        content: bytes = b""
        size: int = 0
        stored_ms: int = 0

    state: State

    @command
    def put(self, content: bytes, media_type: str = MEDIA_TYPE) -> None:
        """Store the content; storing it again changes nothing."""
        check_bound(len(content), ARTIFACT_BYTES_MAX, "content", "bytes")
        if not 1 <= len(media_type) <= 128:
            raise InvalidArgumentError("media_type: 1 to 128 characters", field="media_type")
        if hashlib.sha256(content).hexdigest() != self.ref.key:
            raise InvalidArgumentError("sha256 is not that of the content", field="sha256")
        if not self.state.stored_ms:
            self.emit(Stored(media_type, content, to_ms(self.now)))

    @query
    def read(self) -> State:
        """Return content and facts; `stored_ms` is 0 if it is not there."""
        return self.state

    @apply
    def _stored(self, event: Stored) -> None:
        self.state.media_type = event.media_type
        self.state.content = event.content
        self.state.size = len(event.content)
        self.state.stored_ms = event.time_ms
