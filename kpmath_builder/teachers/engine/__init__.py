"""vLLM run by the builder itself, in processes of the engine's own environment: a server, or a child without a port.

The builder never imports vLLM.
"""
