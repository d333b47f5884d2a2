"""Our own HTTP/2 door for gRPC (ADR-0013).

The core is sans-I/O: bytes and the time go in, events and bytes come out. It knows no asyncio, no
clock and no grpc:
  faults, limits, frames, settings, head, blocks, stream, sending, receiving, connection
  inbox, status
Above it stands a thin shell of asyncio:
  seat (drives handlers), call (what a servicer sees), protocol (one connection), server
"""
