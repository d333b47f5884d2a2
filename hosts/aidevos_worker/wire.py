"""The worker's end of its socket: blocking, for a worker does one thing at a time."""

import select
import socket
from collections.abc import Sequence

from aidevos.objects.turn import TurnStoppedError
from aidevos_worker.frames import LENGTH, ToWorker, frame, to_worker

READ_BYTES = 1 << 18


class HostGoneError(TurnStoppedError):
    """The host closed the socket or ended; so does this process, whatever turn it is in."""


class Wire:
    """Reads and writes whole frames."""

    def __init__(self, sock: socket.socket) -> None:
        """Take over a connected stream socket."""
        self._sock = sock
        self._sock.setblocking(True)
        self._read = bytearray()
        self._incoming = select.poll()
        self._incoming.register(sock, select.POLLIN)

    def waits(self, longer_than_ms: int) -> bool:
        """Whether nothing comes for so long; returns as soon as something does."""
        return not self._read and not self._incoming.poll(longer_than_ms)

    def read(self) -> list[ToWorker]:
        """Wait for the next frame; HostGoneError when there is none any more."""
        size = LENGTH.size
        self._fill(size)
        end = size + LENGTH.unpack_from(self._read)[0]
        self._fill(end)
        messages = to_worker(bytes(self._read[size:end]))
        del self._read[:end]
        return messages

    def write(self, messages: Sequence[object]) -> None:
        """Send one frame, whole. HostGoneError when nobody reads."""
        try:
            self._sock.sendall(frame(messages))
        except (BrokenPipeError, ConnectionResetError) as error:
            raise HostGoneError from error

    def _fill(self, count: int) -> None:
        while len(self._read) < count:
            chunk = self._sock.recv(READ_BYTES)
            if not chunk:
                raise HostGoneError
            self._read += chunk
