"""Stored artifacts: content by its hash, and trees of files."""

import hashlib

import msgspec

from aidevos.core.errors import InvalidArgumentError, NotFoundError
from aidevos.system.artifact import MEDIA_TYPE, Artifact
from aidevos.system.names import ARTIFACT_BYTES_MAX, artifact_of, check_bound
from aidevos_controlplane.calls import Objects

FILES_MAX = 2_000


class Tree(msgspec.Struct):
    """A tree artifact: path -> hash."""

    files: dict[str, str]


class Artifacts:
    """Stored artifacts."""

    def __init__(self, objects: Objects) -> None:
        """Bind to the system's objects."""
        self._objects = objects

    async def put(self, content: bytes, media_type: str = MEDIA_TYPE) -> str:
        """Store content, return its hash; storing it again changes nothing."""
        check_bound(len(content), ARTIFACT_BYTES_MAX, "content", "bytes")
        sha256 = hashlib.sha256(content).hexdigest()
        if await self.find(sha256) is None:
            object = artifact_of(sha256)
            await self._objects.command(
                object, "put", type(None), content=content, media_type=media_type
            )
        return sha256

    async def find(self, sha256: str) -> Artifact.State | None:
        """Return an artifact, or None."""
        return await self._objects.state(artifact_of(sha256), Artifact.State)

    async def get(self, sha256: str) -> Artifact.State:
        """Return an artifact. Raises NotFoundError."""
        found = await self.find(sha256)
        if found is None:
            raise NotFoundError(f"there is no artifact {sha256}", field="sha256")
        return found

    async def bundle(self, tree: str) -> dict[str, bytes]:
        """Return the files of a tree artifact. Raises NotFoundError, InvalidArgumentError."""
        raw = (await self.get(tree)).content
        try:
            files = msgspec.json.decode(raw, type=Tree).files
        except msgspec.MsgspecError as error:
            raise InvalidArgumentError(f"{tree} is not a tree: {error}", field="tree") from error
        check_bound(len(files), FILES_MAX, "tree", "files")
        return {path: (await self.get(sha256)).content for path, sha256 in files.items()}
