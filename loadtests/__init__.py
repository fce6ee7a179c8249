"""Load and benchmarks, from outside: HTTP, gRPC and the wire messages only."""
