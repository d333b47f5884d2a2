"""What agents give each other: content by its SHA-256, and trees of it. Nothing else."""

import asyncio
import hashlib
from collections.abc import Mapping

import msgspec

from aidevos.core.errors import DataLossError
from aidevos.v1 import artifacts_pb2 as pb
from aidevos_agents.agent.connection import Connection

TREE = "application/vnd.aidevos.tree+json"
MEDIA = {
    ".py": "text/x-python",
    ".json": "application/json",
    ".html": "text/html",
    ".css": "text/css",
    ".md": "text/markdown",
}
BYTES = "application/octet-stream"
Files = dict[str, bytes]


class Artifacts:
    """The server's artifact store."""

    def __init__(self, connection: Connection) -> None:
        """Bind to a server."""
        self._connection = connection
        self._stub = connection.artifacts

    async def put(self, content: bytes, media_type: str = BYTES) -> str:
        """Store content; return its hash. Durable when this returns."""
        sha256 = hashlib.sha256(content).hexdigest()
        request = pb.PutArtifactRequest(content=content, media_type=media_type, sha256=sha256)
        await self._connection.call(self._stub.PutArtifact, request)
        return sha256

    async def get(self, sha256: str) -> bytes:
        """Return content by its hash. Raises NotFoundError, DataLossError if it is not that."""
        request = pb.GetArtifactRequest(sha256=sha256)
        content = (await self._connection.call(self._stub.GetArtifact, request)).content
        if hashlib.sha256(content).hexdigest() != sha256:
            raise DataLossError(f"artifact {sha256} came with other content: ask again")
        return content

    async def put_tree(self, files: Mapping[str, bytes]) -> str:
        """Store files and the tree that names them; return the tree's hash."""
        hashes = await asyncio.gather(
            *(self.put(content, _media(path)) for path, content in files.items())
        )
        named = dict(zip(files, hashes, strict=True))
        return await self.put(msgspec.json.encode({"files": named}, order="sorted"), TREE)

    async def get_tree(self, sha256: str) -> Files:
        """Return the files of a tree."""
        tree = msgspec.json.decode(await self.get(sha256), type=dict[str, dict[str, str]])
        named = tree["files"]
        contents = await asyncio.gather(*(self.get(hash_) for hash_ in named.values()))
        return dict(zip(named, contents, strict=True))


def _media(path: str) -> str:
    _, dot, ending = path.rpartition(".")
    return MEDIA.get(dot + ending, BYTES)
