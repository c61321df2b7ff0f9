"""Takes the wrapping off an answer that leaves its meaning alone: `$…$`, bold, boxes, quotes, a closing full stop."""

import re

from kpmath_builder.answers.boxes import braced

__all__ = ["mend_escapes", "unwrap"]

_PAIRS = (
    ("$$", "$$"),
    ("\\(", "\\)"),
    ("\\[", "\\]"),
    ("**", "**"),
    ("__", "__"),
    ("*", "*"),
    ("_", "_"),
    ("`", "`"),
    ('"', '"'),
    ("“", "”"),
)
_WRAPPING_COMMAND = re.compile(
    r"\\(?:boxed|fbox|framebox|displaystyle|mathbf|boldsymbol|textbf|bold|bm|underline)\s*(?=\{)"
)
_EDGE = re.compile(r"^(?:\\[,;:! ]|\\quad|\\qquad|~|\s)+|(?:(?<!\\)\\[;:! ]|\\,|\\quad|\\qquad|~|\s)+$")
# A JSON parser that met "\frac" or "\text" left one control character in place of two: undo it.
_ESCAPED = {"\x08": "\\b", "\x0c": "\\f", "\x0b": "\\v", "\x07": "\\a"}
_UNICODE = re.compile(r"\\u([0-9a-fA-F]{4})(?![a-zA-Z])")
_EATEN = re.compile("[" + "".join(_ESCAPED) + "](?=[a-z])")
_TAB = re.compile(r"\t(?=(?:ext|frac|imes|an|heta|o)\b|extbf|ext\{|frac\{)")
_RETURN = re.compile(r"\r(?=ight|ho\b|angle|floor|ceil)")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u2060\ufeff]")


def mend_escapes(text: str) -> str:
    """Put back the LaTeX commands that JSON escapes ate, and drop every other control character."""
    if "\\u" in text:
        text = _UNICODE.sub(lambda code: chr(int(code[1], 16)), text)
    if text.isprintable():
        return text
    text = _EATEN.sub(lambda eaten: _ESCAPED[eaten[0]], text)
    text = _RETURN.sub(lambda _: "\\r", _TAB.sub(lambda _: "\\t", text))
    return _CONTROL.sub("", text)


def unwrap(raw: str) -> str:
    """Return the answer inside its wrappers; at most a few layers are taken off."""
    text = mend_escapes(raw).strip()
    if text.isalnum():
        return text
    for _ in range(6):
        bare = _unwrap_once(text)
        if bare == text:
            break
        text = bare
    return text


def _unwrap_once(text: str) -> str:
    text = _EDGE.sub("", text.strip())
    text = _without_stop(text)
    for opening, closing in _PAIRS:
        inner = text[len(opening) : -len(closing)]
        wrapped = (
            text.startswith(opening) and text.endswith(closing) and len(text) > len(opening) + len(closing)
        )
        if wrapped and closing not in inner:
            return inner.strip()
    if text.startswith("$") and text.endswith("$") and not text.endswith("\\$") and "$" not in text[1:-1]:
        return text[1:-1].strip() or text
    command = _WRAPPING_COMMAND.match(text)
    if command and braced(text, command.end()) == len(text):
        return text[command.end() + 1 : -1].strip()
    return text


def _without_stop(text: str) -> str:
    r"""Drop closing punctuation, but neither the dots of an ellipsis nor the comma of `\,`."""
    if text.endswith(('",', '"')) and text.count('"') == 1:
        return text.rstrip('",')
    if text.endswith((".", ",", ";", ":")) and not text.endswith(("..", "\\,", "\\;", "\\:")):
        return text[:-1].rstrip()
    return text
