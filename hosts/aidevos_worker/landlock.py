"""Landlock: no file, no TCP port, no signal or abstract socket beyond this process. An extra.

It says again, in another part of the kernel, what the allow-list says already.
"""

import ctypes
import os
import struct

from aidevos_worker import kernel

CREATE_RULESET, RESTRICT_SELF = 444, 446  # The same on every architecture.
GET_VERSION = 1
FILE_RIGHTS_FIRST = 13
"""Rights of the first version: bits 0 to 12. Later versions added one each, as below."""


def abi() -> int:
    """Return the kernel's Landlock version; OSError where it is off."""
    return kernel.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(GET_VERSION))


def restrict() -> None:
    """Take every right away that this kernel's version knows. Needs no_new_privs."""
    attributes = _attributes(abi())
    ruleset = kernel.syscall(
        CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0)
    )
    try:
        kernel.syscall(RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _attributes(version: int) -> bytes:
    rights = FILE_RIGHTS_FIRST + (version >= 2) + (version >= 3) + (version >= 5)
    parts = [(1 << rights) - 1]
    if version >= 4:
        parts.append(0b11)  # Bind and connect of TCP.
    if version >= 6:
        parts.append(0b11)  # Abstract sockets and signals stay inside.
    return struct.pack(f"@{len(parts)}Q", *parts)
