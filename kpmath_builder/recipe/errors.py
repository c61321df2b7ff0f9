"""Turning pydantic's errors into one sentence that names the key, its meaning and the allowed values."""

from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from kpmath_builder.errors import InputError
from kpmath_builder.recipe.inheritance import kinds_with

__all__ = ["allowed_values", "explain"]

Schema = dict[str, Any]


def explain(error: ValidationError, model: type[BaseModel]) -> InputError:
    """Return the `InputError` for the first fault, which counts the others."""
    root = model.model_json_schema()
    first, *others = error.errors(include_url=False)
    path = [str(part) for part in first["loc"]]
    more = f" ({len(others)} more after this one.)" if others else ""
    if first["type"] == "value_error":
        own = ".".join(path[:2]) if path[:1] in (["roles"], ["solvers"]) else "teacher"
        fault = str(first["ctx"]["error"]).replace(
            "teacher.", f"{own}."
        )  # a teacher does not know whose it is
        return InputError(f"The recipe's {fault}.{more}")
    if first["type"] == "extra_forbidden":
        return InputError(f"{_foreign(path) or _unknown(path, root)}{more}")
    if first["type"] == "union_tag_invalid":
        kinds, given = first["ctx"]["expected_tags"].replace("'", ""), first["ctx"]["tag"]
        return InputError(f"The recipe's {'.'.join(path)}.kind must be one of {kinds}, got {given!r}.{more}")
    if path[-1] == "[key]":
        if path[0] == "solvers":
            return InputError(
                f"The recipe's solver {path[1]!r} must be named by letters, digits, - and _ alone, with no point in it.{more}"
            )
        return InputError(
            f"The recipe's {path[0]} has no {path[1]}: known are {first['ctx']['expected']}.{more}"
        )
    schema, path = _find(path, root)
    meaning = f" It means: {schema['description'].rstrip('.')}." if "description" in schema else ""
    given = f", got {first['input']!r}" if first["type"] != "missing" else ""
    return InputError(
        f"The recipe's {'.'.join(path)} must be {allowed_values(schema, root)}{given}.{meaning}{more}"
    )


def _foreign(path: list[str]) -> str:
    """Return the sentence about a key that other kinds of teachers have; "" if it is not one."""
    *tables, kind, name = path if len(path) > 2 else ("", "", "")
    others = kinds_with(name)
    if not others or tables[0] not in {"teacher", "roles", "solvers"}:
        return ""
    table = ".".join(tables)
    known_to = " or ".join(f'"{other}"' for other in others)
    return (
        f'The recipe\'s {table} is of kind "{kind}", which has no key {name}: leave {table}.{name} out, or set '
        f"{table}.kind to {known_to}, which has it."
    )


def _unknown(path: list[str], root: Schema) -> str:
    *tables, name = path
    table, tables = _find(tables, root)
    known = sorted(table.get("properties", {}))
    close = get_close_matches(name, known, n=1)
    hint = f"did you mean {'.'.join([*tables, close[0]])}?" if close else f"known here: {', '.join(known)}."
    return f"The recipe has no key {'.'.join([*tables, name])}: {hint}"


def _find(path: list[str], root: Schema) -> tuple[Schema, list[str]]:
    """Follow a path as far as the schema knows it; what pydantic appends for unions and items is left out."""
    schema, walked = root, list[str]()
    for part in path:
        inner = _inner(schema, root)
        kinds = inner.get("discriminator", {}).get("mapping", {})
        if part in kinds:  # the kind of a teacher is no part of the key's name
            schema = {"$ref": kinds[part]}
            continue
        following = inner.get("properties", {}).get(part) or _of_any_name(inner)
        if not isinstance(following, dict):
            break
        described = {k: v for k, v in following.items() if k == "description"}
        schema = {**_inner(following, root), **described}
        walked.append(part)
    return _inner(schema, root), walked


def _of_any_name(schema: Schema) -> Schema | None:
    """Return what stands under the names that the user chooses, of roles or solvers."""
    of_pattern = schema.get("patternProperties", {})
    return next(iter(of_pattern.values()), schema.get("additionalProperties") or None)


def _inner(schema: Schema, root: Schema) -> Schema:
    if "$ref" in schema:
        found: Schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
        return found
    return schema


_TYPES = {"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}
_LIMITS = {
    "minimum": "from {}",
    "exclusiveMinimum": "above {}",
    "maximum": "up to {}",
    "exclusiveMaximum": "below {}",
    "pattern": "matching {}",
}


def allowed_values(schema: Schema, root: Schema) -> str:
    """Say in words which values a property of a JSON schema allows."""
    if "anyOf" in schema:
        options = [allowed_values(_inner(s, root), root) for s in schema["anyOf"] if s.get("type") != "null"]
        return " or ".join(options)
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        least = ", at least one" if schema.get("minItems") else ""
        item = _inner(schema.get("items", {}), root)
        if "enum" in item:
            return f"a list of some of {', '.join(map(str, item['enum']))}{least}"
        return f"a list of {_TYPES.get(schema.get('items', {}).get('type', ''), 'values')}{least}"
    if schema.get("type") == "object" or "discriminator" in schema:
        return "a table"
    limits = [words.format(schema[name]) for name, words in _LIMITS.items() if name in schema]
    return " ".join([_TYPES.get(schema.get("type", ""), "a value"), *limits])
