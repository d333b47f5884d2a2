"""Names of log events: constant texts; whatever varies is a field beside them."""

DOOR_FAILED = "door.failed"
"""A bug in a door: the caller got 500, the traceback is with the event."""
