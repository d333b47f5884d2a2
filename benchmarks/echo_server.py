"""The baseline of unary_call: a bare grpc.aio server that echoes, and does nothing else.

`python -m benchmarks.echo_server` writes its port when it answers.
"""

import grpc
import uvloop

from aidevos.v1 import objects_pb2 as pb


async def echo(request: pb.InvokeRequest, context: object) -> pb.InvokeResponse:
    """Give the payload back."""
    return pb.InvokeResponse(payload=request.payload)


async def main() -> None:
    """Serve until killed."""
    handler = grpc.unary_unary_rpc_method_handler(
        echo,
        request_deserializer=pb.InvokeRequest.FromString,
        response_serializer=pb.InvokeResponse.SerializeToString,
    )
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("aidevos.v1.ObjectService", {"Invoke": handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    uvloop.run(main())
