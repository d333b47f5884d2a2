"""The Python client: typed handles, and retries that keep the request_id.

    async with Client("127.0.0.1:50051") as client:
        counter = client.handle(Counter, "a")
        total = await counter.call(Counter.add, n=2)

Errors are the classes of `aidevos.core.errors`, as the server raised them.
"""

from aidevos_client.client import CallOptions, Client
from aidevos_client.connection import Connection
from aidevos_client.handle import Handle
from aidevos_client.retry import Backoff

__all__ = ["Backoff", "CallOptions", "Client", "Connection", "Handle"]
