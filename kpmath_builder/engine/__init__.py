"""vLLM run by the builder itself, in an environment of the engine's own; the builder never imports vLLM."""
