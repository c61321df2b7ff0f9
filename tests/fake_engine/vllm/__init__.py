"""A stand-in for vLLM's command line, for tests of how its processes are kept: real processes, real signals, no model."""
