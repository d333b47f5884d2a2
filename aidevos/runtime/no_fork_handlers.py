"""Import before grpc in a process that starts other processes: it turns grpc's fork handlers off.

We only fork to exec, so they have nothing to do; but they complain on stderr when a call is under
way, and in a process that ends at that moment they can crash. Child processes inherit it.
"""

import os

os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
