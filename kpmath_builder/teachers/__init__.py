"""What can answer a request: the protocol, the OpenAI-compatible client, the symbolic teacher."""
