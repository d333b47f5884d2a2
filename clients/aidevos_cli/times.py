"""Times as people and programs read them."""

from datetime import UTC, datetime


def rfc3339(unix_ms: int) -> str:
    """Return Unix milliseconds as RFC 3339 text in UTC, to the millisecond."""
    moment = datetime.fromtimestamp(unix_ms / 1_000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
