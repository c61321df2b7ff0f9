"""A JSON schema in words that a model understands, for servers that do not constrain replies."""

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["shape_in_words"]

_NAMES = {
    "string": "string",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "null": "null",
}


def shape_in_words(schema: Mapping[str, Any]) -> str:
    r"""Return the instruction to reply in the shape of a schema.

    It asks for doubled backslashes: `"\frac"` is valid JSON, for a form feed before "rac".
    """
    return (
        f"Reply with one JSON object of this shape and nothing else: {_shape(schema)}\n"
        r"Inside its strings write each backslash twice, e.g. \\frac."
    )


def _shape(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " or ".join(json.dumps(value, ensure_ascii=False) for value in schema["enum"])
    kind = schema.get("type")
    if kind == "object" and "properties" in schema:
        fields = (f"{json.dumps(name)}: {_shape(part)}" for name, part in schema["properties"].items())
        return "{" + ", ".join(fields) + "}"
    if kind == "array" and "items" in schema:
        least = "" if schema.get("minItems") else " or nothing"
        most = f", at most {schema['maxItems']}" if "maxItems" in schema else ""
        return f"[{_shape(schema['items'])}, …{least}{most}]"
    if kind in _NAMES:
        return f"<{_NAMES[kind]}{_bounds(schema)}>"
    return f"<a value that fits the JSON schema {json.dumps(schema, ensure_ascii=False)}>"


def _bounds(schema: Mapping[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    return f" from {low:g} to {high:g}" if low is not None and high is not None else ""
