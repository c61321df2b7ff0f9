"""Text of others as it may be shown: a terminal, a log and a picture get characters, never commands."""

import unicodedata

__all__ = ["cut", "cut_list", "shown"]

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that act instead of showing: control, format (bidirectional, zero-width), surrogates, unassigned."""


def shown(text: str) -> str:
    r"""Return the text with every character that would act or stay unseen as a visible escape, e.g. `\x1b`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(c) if unicodedata.category(c) in _UNSEEN else c for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def cut(text: str, longest: int = 1_500) -> str:
    """Return the text, or its beginning and its end, which says what to do next, if it is longer."""
    if len(text) <= longest:
        return text
    end = longest // 3
    return f"{text[: longest - end]} … {text[-end:]}"


def cut_list(names: "list[str] | tuple[str, ...]", most: int = 10, longest: int = 80) -> str:
    """Return names as one line, at most `most` of them, each cut to `longest` characters; "nothing" if there are none."""
    parts = [shown(name[:longest]) + ("…" if len(name) > longest else "") for name in names[:most]]
    rest = len(names) - most
    return ", ".join(parts) + (f" and {rest:,} more" if rest > 0 else "") if parts else "nothing"
