"""The kernel's resource limits: the other half of the jail's floor."""

import resource

import msgspec


class JailLimits(msgspec.Struct, frozen=True, array_like=True):
    """What one jailed process may use."""

    memory_bytes: int
    cpu_s: int


STACK_BYTES = 8 << 20
DESCRIPTORS = 1
"""The socket to the host, as descriptor 0; there can be no other."""


def set_limits(limits: JailLimits) -> None:
    """Set them for good, hard and soft. OSError or ValueError if the kernel refuses; checked."""
    wanted = {
        resource.RLIMIT_AS: limits.memory_bytes,
        resource.RLIMIT_CPU: limits.cpu_s,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: DESCRIPTORS,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_STACK: STACK_BYTES,
    }
    for kind, most in wanted.items():
        resource.setrlimit(kind, (most, most))
    for kind, most in wanted.items():
        if resource.getrlimit(kind) != (most, most):
            raise RuntimeError(f"resource limit {kind} was set to {most} and is not")
