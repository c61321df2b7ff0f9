"""The client of OpenAI-compatible servers: endpoints, retries, readiness, monitoring, and the teacher that answers through them."""
