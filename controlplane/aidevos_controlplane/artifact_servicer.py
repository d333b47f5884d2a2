"""ArtifactService: decodes, checks who calls, stores or reads, encodes."""

import hashlib

from aidevos.core.errors import InvalidArgumentError
from aidevos.doors.grpc_serving import Context, Identity, unary
from aidevos.system.artifact import MEDIA_TYPE, Artifact
from aidevos.system.names import check_sha256
from aidevos.v1 import artifacts_pb2 as pb
from aidevos.v1 import artifacts_pb2_grpc as rpc
from aidevos_controlplane.artifacts import Artifacts
from aidevos_controlplane.calls import Objects
from aidevos_controlplane.values import time_to
from aidevos_controlplane.who import who


class ArtifactServicer(rpc.ArtifactServiceServicer):
    """Wire adapter of ArtifactService."""

    def __init__(self, artifacts: Artifacts, objects: Objects, identity: Identity) -> None:
        """Bind."""
        self._artifacts = artifacts
        self._objects = objects
        self._identity = identity

    @unary
    async def PutArtifact(
        self, request: pb.PutArtifactRequest, context: Context
    ) -> pb.PutArtifactResponse:
        """Store content."""
        who(self._identity, context)
        if request.sha256 and request.sha256 != hashlib.sha256(request.content).hexdigest():
            raise InvalidArgumentError("sha256 is not that of the content", field="sha256")
        sha256 = await self._artifacts.put(request.content, request.media_type or MEDIA_TYPE)
        state = await self._artifacts.get(sha256)
        return pb.PutArtifactResponse(artifact=_artifact_to(sha256, state))

    @unary
    async def GetArtifact(
        self, request: pb.GetArtifactRequest, context: Context
    ) -> pb.GetArtifactResponse:
        """Return content."""
        who(self._identity, context)
        sha256 = check_sha256(request.sha256, "sha256")
        state = await self._artifacts.get(sha256)
        return pb.GetArtifactResponse(artifact=_artifact_to(sha256, state), content=state.content)

    @unary
    async def ListArtifacts(
        self, request: pb.ListArtifactsRequest, context: Context
    ) -> pb.ListArtifactsResponse:
        """Return one page, without content."""
        who(self._identity, context)
        page = await self._objects.page("Artifact", request.page_size, request.page_token)
        states = [(view, await self._artifacts.get(view.object.key)) for view in page.objects]
        return pb.ListArtifactsResponse(
            artifacts=[_artifact_to(view.object.key, state) for view, state in states],
            next_page_token=page.next_page_token,
        )


def _artifact_to(sha256: str, state: Artifact.State) -> pb.Artifact:
    return pb.Artifact(
        sha256=sha256,
        media_type=state.media_type,
        size=state.size,
        stored=time_to(state.stored_ms),
    )
