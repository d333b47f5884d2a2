"""One framed call from the moment a caller waits for it until nobody can hear of it again."""

import asyncio
from typing import Final

from aidevos.core.call import Answer

ANY_VERSION: Final = -1


class PendingCall:
    """What is sent, who waits, and what is known of its copies."""

    __slots__ = (
        "address",
        "attempts",
        "bounded",
        "deadline",
        "doubtful",
        "expected_version",
        "flying",
        "future",
        "method",
        "number",
        "payload",
        "resting",
    )

    def __init__(
        self,
        address: tuple[str, str],
        method: str,
        payload: bytes,
        deadline: float,
        future: "asyncio.Future[Answer]",
    ) -> None:
        """`deadline` is the loop's time after which nobody waits."""
        self.address = address
        self.method = method
        self.payload = payload
        self.deadline = deadline
        self.future = future
        self.expected_version = ANY_VERSION
        self.bounded = False
        """True if the server is told the deadline: the caller set it."""
        self.number = 0
        """0 until it is sent first; then never changed."""
        self.flying = False
        """True while it is sent and unanswered on the stream that is open."""
        self.resting = False
        """True while it waits for its time to be sent again."""
        self.doubtful = False
        """True once a copy was lost sight of: it may be applied whatever later copies are told."""
        self.attempts = 0
        """Answers that asked to try again."""
