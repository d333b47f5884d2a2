"""Lets so much of what workers say into the operator's log and no more."""

import logging
import time

from aidevos_worker.frames import Said

WINDOW_S = 10

_log = logging.getLogger("aidevos.worker")


class LogValve:
    """A bound on bytes per window; what is over is counted, and told with the next window."""

    def __init__(self, service: str, bytes_max: int) -> None:
        """`service` is named in every line."""
        self._service = service
        self._bytes_max = bytes_max
        self._window = 0
        self._used = 0
        self._dropped = 0

    def say(self, said: Said) -> None:
        """Log one text, cut to what is left of the window."""
        window = int(time.monotonic() / WINDOW_S)
        if window != self._window:
            if self._dropped:
                _log.warning("%s: dropped %d characters of output", self._service, self._dropped)
            self._window, self._used, self._dropped = window, 0, 0
        text = said.text[: max(0, self._bytes_max - self._used)]
        self._used += len(text)
        self._dropped += len(said.text) - len(text)
        if text:
            _log.warning("%s: %s\n%s", self._service, said.where[:200], text)
