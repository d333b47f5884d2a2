"""What the servers share: gRPC status of errors, tokens, supervision of processes."""
