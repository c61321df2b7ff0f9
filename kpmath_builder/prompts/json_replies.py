r"""Reading a JSON object as a reply: plain text is asked for, but some models and some prompts of users answer in JSON.

It is read as a person would, without guessing: what is repaired has one meaning only, and is counted. Two different objects in one reply
are not readable. Neither is `"\\frac"` with one backslash: it is valid JSON, for a form feed before "rac", and what else the same hand
wrote with one backslash can no longer be known.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel

from kpmath_builder.prompts.repairs import Repair, UnreadableReplyError, control_character

__all__ = ["holds_json", "read_json"]

T = TypeVar("T", bound=BaseModel)


def holds_json(text: str, kind: type[BaseModel]) -> bool:
    """Return whether a reply has a JSON object with a field of its kind: no problem and no list of topics looks so."""
    return any(match[1] in kind.model_fields for match in _FIELD.finditer(text))


def read_json(text: str, kind: type[T]) -> tuple[T, set[Repair]]:
    """Return the one object of a reply, validated strictly after the repairs that its kind leaves no doubt about.

    Raises
    ------
    UnreadableReplyError, ValidationError, RecursionError
        When the reply has no single meaning.
    """
    found, repairs = _object(text)
    value = _mended(found, _schema(kind), repairs)
    _refuse_spoilt(value)
    return kind.model_validate_json(json.dumps(value)), repairs | {Repair.JSON}


@cache
def _schema(kind: type[BaseModel]) -> Mapping[str, Any]:
    schema = kind.model_json_schema()
    definitions = schema.pop("$defs", {})

    def plain(node: Any) -> Any:  # noqa: ANN401 - JSON is of any type
        if isinstance(node, list):
            return [plain(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return plain(definitions[node["$ref"].rsplit("/", 1)[-1]])
        return {key: plain(value) for key, value in node.items()}

    return plain(schema)  # type: ignore[no-any-return]


# ---- finding the object

MOST_OBJECTS = 16
_FIELD = re.compile(r'\{\s*"(\w+)"\s*:')
_OPENING = re.compile(r'\{(?=\s*["}])')
_FENCE = re.compile(r"```[ \t]*\w*")
_COMMA = re.compile(r'("(?:[^"\\]|\\.)*+"?)|,(?=\s*[}\]])', re.DOTALL)


def _object(text: str) -> tuple[dict[str, Any], set[Repair]]:
    """Return the one object that a text holds, once or repeated alike."""
    repairs: set[Repair] = set()
    found: list[dict[str, Any]] = []
    around: list[str] = []
    for _ in range(MOST_OBJECTS):
        opening = _OPENING.search(text)
        if opening is None:
            break
        around.append(text[: opening.start()])
        value, text = _decoded(text[opening.start() :], repairs)
        if value and value not in found:
            found.append(value)
    else:
        raise UnreadableReplyError("it holds object after object")
    if len(found) != 1:
        raise UnreadableReplyError(
            "it holds two different JSON objects" if found else "it holds no JSON object"
        )
    outside = "".join([*around, text])
    if "```" in outside:
        repairs.add(Repair.FENCE)
    if _FENCE.sub("", outside).strip():
        repairs.add(Repair.PROSE)
    return found[0], repairs


def _decoded(text: str, repairs: set[Repair]) -> tuple[dict[str, Any], str]:
    """Return the object at the beginning of a text and what follows on it."""
    broken = ""
    for decoder, its_repairs in _DECODERS:
        plain = _COMMA.sub(_keep_string, text) if Repair.COMMA in its_repairs else text
        try:
            value, end = decoder.raw_decode(plain)
        except json.JSONDecodeError as error:
            broken = broken or f"its JSON is broken ({error.msg} at character {error.pos})"
            continue
        repairs |= its_repairs
        return value, plain[end:]
    raise UnreadableReplyError(broken)


def _keep_string(match: re.Match[str]) -> str:
    return match[1] or ""


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise UnreadableReplyError("a field of its object is given twice")
    return value


def _no_constant(name: str) -> Any:  # noqa: ANN401 - it never returns
    raise UnreadableReplyError(f"{name} is not a number")


def _number(digits: str) -> int:
    if len(digits) > 4000:
        raise UnreadableReplyError("a number is too long")
    return int(digits)


def _decoder(*, strict: bool) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=_unambiguous, parse_constant=_no_constant, parse_int=_number, strict=strict
    )


_DECODERS: tuple[tuple[json.JSONDecoder, frozenset[Repair]], ...] = (
    (_decoder(strict=True), frozenset()),
    (_decoder(strict=True), frozenset({Repair.COMMA})),
    (_decoder(strict=False), frozenset({Repair.LINE_BREAK})),
    (_decoder(strict=False), frozenset({Repair.LINE_BREAK, Repair.COMMA})),
)
"""The ways to read an object, the one with the fewest repairs first."""


# ---- mending values where the schema leaves one meaning

_WHOLE = re.compile(r"-?\d{1,15}(?:\.0+)?")
_DECIMAL = re.compile(r"-?\d{1,15}(?:\.\d{1,20})?")
_TRUTH = {"true": True, "false": False}


def _mended(value: Any, schema: Mapping[str, Any], repairs: set[Repair]) -> Any:  # noqa: ANN401 - JSON is of any type
    kind = schema.get("type")
    if kind == "object" and isinstance(value, dict):
        parts = schema.get("properties", {})
        return {name: _mended(part, parts.get(name, {}), repairs) for name, part in value.items()}
    if kind == "array" and value is None:
        repairs.add(Repair.NULL_LIST)
        return []
    if kind == "array" and isinstance(value, list):
        return [_mended(item, schema.get("items", {}), repairs) for item in value]
    if isinstance(value, str) and kind in {"integer", "number", "boolean"}:
        return _unquoted(value.strip(), str(kind), repairs)
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        repairs.add(Repair.WHOLE)
        return int(value)
    return value


def _unquoted(text: str, kind: str, repairs: set[Repair]) -> Any:  # noqa: ANN401
    if kind == "boolean" and text.lower() in _TRUTH:
        repairs.add(Repair.QUOTED)
        return _TRUTH[text.lower()]
    if kind == "integer" and _WHOLE.fullmatch(text):
        repairs |= {Repair.QUOTED} | ({Repair.WHOLE} if "." in text else set())
        return int(float(text))
    if kind == "number" and _DECIMAL.fullmatch(text):
        repairs.add(Repair.QUOTED)
        return float(text)
    return text


# ---- strings that were not meant

_NAMES = {"\t": "a tab", "\n": "a line break"}
_COMMAND_TAILS = re.compile(
    r"\t(?:heta|imes|ext(?:bf|it|rm|tt|sf|style|stylet)?|an|anh|au|o|op|frac|riangle\w*|herefore|ilde|binom)(?![A-Za-z])"
    r"|\n(?:eq|abla|eg|otin|mid|leq|geq|exists|parallel|subset\w*|ewline|onumber|earrow)(?![A-Za-z])"
)
r"""What is left of \theta, \neq and their like once the backslash and the first letter were read as a tab or a line break."""
_SHORT_TAILS = re.compile(r"\n(?:u|e|i|ot)(?![A-Za-z])")
r"""Of \nu, \ne, \ni, \not: words or variables elsewhere, so only within a formula."""


def _refuse_spoilt(value: Any) -> None:  # noqa: ANN401
    if sign := next(_spoilt(value), ""):
        raise UnreadableReplyError(
            f"a string holds {sign}, as from a LaTeX command behind a single backslash"
        )


def _spoilt(value: Any) -> Iterator[str]:  # noqa: ANN401
    """Yield names of signs in strings that nobody means to write."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _spoilt(name)
            yield from _spoilt(part)
    elif isinstance(value, list):
        for item in value:
            yield from _spoilt(item)
    elif isinstance(value, str):
        if sign := control_character(value):
            yield sign
        if tail := _COMMAND_TAILS.search(value):
            yield f"{_NAMES[tail[0][0]]} before '{tail[0][1:]}'"
        for tail in _SHORT_TAILS.finditer(value):
            if value.count("$", 0, tail.start()) % 2:
                yield f"a line break before '{tail[0][1:]}' in a formula"
