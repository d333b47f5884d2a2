"""What host and zygote say to each other: one MessagePack message a datagram."""

import msgspec

from aidevos_worker.rlimits import JailLimits

ORDER_BYTES_MAX = 4_096


class ForkWorker(msgspec.Struct, frozen=True, array_like=True, tag=0):
    """Fork a jailed worker. Comes with two descriptors: its socket and its mark."""

    limits: JailLimits


class KillWorker(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """Send SIGKILL to a worker, if it has not ended: nobody else can tell for sure."""

    pid: int


class Ready(msgspec.Struct, frozen=True, array_like=True, tag=10):
    """Everything is loaded; `missing` says why the floor cannot be laid, or nothing."""

    missing: str = ""


class Forked(msgspec.Struct, frozen=True, array_like=True, tag=11):
    """Answer to `ForkWorker`, in order: a process id, or 0 and why not."""

    pid: int
    why_not: str = ""


class Ended(msgspec.Struct, frozen=True, array_like=True, tag=12):
    """A worker ended: with an exit code, or minus the signal."""

    pid: int
    code: int


Order = ForkWorker | KillWorker
Report = Ready | Forked | Ended

orders = msgspec.msgpack.Decoder(Order)
reports = msgspec.msgpack.Decoder(Report)
