r"""A regular expression that a reply has to match, in the field in which a server takes it.

vLLM and SGLang take it as it is; llama.cpp takes a grammar (GBNF), which has the same repetitions, groups and classes, but wants what is
meant literally in quotes.
"""

import re
from collections.abc import Iterator
from typing import Any

from kpmath_builder.client.dialects import PATTERN_FIELDS, PatternForm
from kpmath_builder.errors import InputError

__all__ = ["OWN_FORMS", "gbnf", "pattern_fields"]

OWN_FORMS = frozenset(
    {
        *PATTERN_FIELDS.values(),
        "ebnf",
        "guided_choice",
        "guided_grammar",
        "guided_json",
        "guided_regex",
        "json_schema",
        "response_format",
        "structural_tag",
    }
)
"""Further fields of a recipe with which it gives a reply a form of its own: servers take one."""

_TOKEN = re.compile(
    r"(?P<open>\((?:\?:)?|\|)"
    r"|(?:(?P<close>\))|(?P<set>\[\^?(?:\\[nrt\\\[\]]|[^\\\[\]])+\])|\\(?P<escaped>[ntd.\\()\[\]{}|?*+^$/ -])|(?P<any>\.)"
    r"|(?P<literal>[^\\()\[\]{}|?*+.^$]))(?P<times>[?*+]|\{\d+(?:,\d*)?\})?",
    re.DOTALL,
)
_ESCAPED = {"n": r'"\n"', "t": r'"\t"', "d": "[0-9]"}
_IN_QUOTES = str.maketrans({'"': r"\"", "\\": r"\\", "\n": r"\n"})


def pattern_fields(pattern: str, form: PatternForm) -> dict[str, Any]:
    """Return the field of a request that holds its reply to a regular expression; nothing for a server that takes none.

    Raises
    ------
    InputError
        When the expression cannot be put as the server wants it.
    """
    if form == "vllm":
        return {PATTERN_FIELDS[form]: {"regex": pattern}}
    if form == "sglang":
        return {PATTERN_FIELDS[form]: pattern}
    if form == "llama.cpp":
        return {PATTERN_FIELDS[form]: gbnf(pattern)}
    return {}


def gbnf(pattern: str) -> str:
    r"""Return a regular expression as a grammar of llama.cpp: `a[^\n]{1,3}` becomes `root ::= "a" [^\n]{1,3}`.

    Raises
    ------
    InputError
        For what has no counterpart there: anchors, look-arounds, lazy repetition, `\w` and its like.
    """
    return "root ::= " + " ".join(_tokens(pattern))


def _tokens(pattern: str) -> Iterator[str]:
    at = 0
    while at < len(pattern):
        found = _TOKEN.match(pattern, at)
        if found is None:
            raise InputError(
                f"llama.cpp has no counterpart to the regular expression {pattern!r} from {pattern[at : at + 10]!r} on: "
                'put it more simply, or set structured_outputs = "none" in [teacher].'
            )
        at = found.end()
        yield _token(found) + (found["times"] or "")


def _token(found: re.Match[str]) -> str:
    if found["open"]:
        return found["open"][0]
    if found["any"]:
        return r"[^\n]"
    if sign := found["escaped"]:
        return _ESCAPED.get(sign) or _quoted(sign)
    return _quoted(found["literal"]) if found["literal"] else found["close"] or found["set"]


def _quoted(sign: str) -> str:
    return f'"{sign.translate(_IN_QUOTES)}"'
