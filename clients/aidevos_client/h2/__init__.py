"""One stream of frames to a gRPC server, over a connection of its own (ADR-0019).

The core is sans-I/O: bytes go in, messages and bytes come out. It knows no loop, no clock and no
grpc, and shares frames, header blocks and the sending half with our own door:
  endings, receiving, core
Above it stands a thin shell of asyncio:
  stream
"""
