r"""Finds `\boxed{…}` in a solution, and what around a box belongs to it.

Braces are balanced by counting. Several boxes are joined only if the text makes them one answer. A box that is only a piece of
what the text gives (a denominator, a coefficient, a blank that is filled in) gives nothing.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from kpmath_builder.answers.vocabulary import SCALES

__all__ = ["Box", "Boxed", "boxed_answer", "boxes", "braced"]

_OPENER = re.compile(r"\\(?:boxed|fbox|framebox)(?![a-zA-Z])\s*")
_BARE = re.compile(r"-?\d+(?:\.\d+)?|\\?[a-zA-Z]+")
_PART_LABEL = re.compile(
    r"(?:part\s*)?\(([a-h])\)|\bpart\s+([a-h])\b|(?:^|\n)\W*([a-h])[.)]\s", re.IGNORECASE
)
_FORMATTING = re.compile(
    r"\\(?:text|mbox|quad|qquad|left|right)\b|[\\${}()\[\]*~\s]+|(?<![\w])\w+(?:_\{?\w+\}?)?\s*="
)
_CONNECTED = re.compile(r"(?:(?:and|or|for|part)\b|[,;&]|\b\w+\b)", re.IGNORECASE)
_CONCLUDING = re.compile(
    r"\b(?:so|thus|therefore|hence|then|sum|total|is|gives?|equals?|answer|product|difference)\b|[.:=]",
    re.IGNORECASE,
)
_CASE_BEHIND = re.compile(
    r"[\s$.,;)\\]*(?:for|if|when|where|unless|otherwise|possibly|perhaps|maybe|or (?:possibly|perhaps|maybe))\b",
    re.IGNORECASE,
)
"""Behind a box: it holds under a condition, or perhaps only."""
_NEXT_CASE = re.compile(
    r"\b(?:case|scenario|option|possibility|method|approach|attempt)\s*\(?(?:[2-9]|II+|IV|[b-f]|B|C|two|three)\b|\bsecond (?:answer|case|possibility)\b|\b(?:another|alternative) (?:approach|method|way)\b",
    re.IGNORECASE,
)
_SUPERSEDES = re.compile(
    r"\b(?:so|thus|therefore|hence|then|but|sum|total|product|difference|answer|final(?:ly)?|gives?|yields?|wait|actually|not|instead|result|now|"
    r"consequently|equals?|since|because|which|we|that|hmm|no|simplif\w+|reduc\w+|or)\b|=|\\(?:implies|Rightarrow|to|approx|equiv)|[≈→⇒∴]",
    re.IGNORECASE,
)
"""Between two boxes: the second follows from the first, or takes its place."""
_BOUNDED = re.compile(r"\b(?:not|(?:less|more|greater|fewer|smaller|larger) than)[\s($\\]*\Z")
"""Right before a box: it is not what is asked for."""
_BEFORE = 40
_MAX_GAP_OF_CASES = 60
_SUMMED_UP = re.compile(
    r"\b(?:total|sum|altogether|therefore|thus|hence|final|overall|combined?|combining|in all|answer|adding|both cases|either case|cases?)\b|\bso\b",
    re.IGNORECASE,
)
"""What takes the cases together."""
_PERCENT = re.compile(r"\s*(?:\\\)|\$)?\s*(?:\\?%|percent\b(?!age))")
_MAX_BOXES = 200
_MAX_GAP = 4_000
_MATH_END = re.compile(
    r"\$|\\\)|\\\]|\\end\b|\\\\(?![a-zA-Z])|\n|[,;&]|(?<![\d])\.(?!\d)|\.(?=\s|\Z)|\\(?:quad|qquad)\b"
)
_RELATION = re.compile(
    r"=|<|>|≈|→|\\(?:approx|equiv|le|leq|ge|geq|ne|neq|to|implies|Rightarrow|in|sim|p?mod|bmod|iff|because|because)\b"
)
_UNIT = re.compile(r"\\(?:text|mathrm|mbox|textrm|operatorname|textit|rm)\b|~|\{\s*~|[A-Za-z]{2,}(?!\s*\()")
_MULTIPLIER = re.compile(
    rf"\s*(?:\\\)|\$|\\\])?\s*(?:\\(?:text|mathrm|mbox)\s*\{{\s*)?(?P<word>{'|'.join(SCALES)}|dozen)\b",
    re.IGNORECASE,
)
_HALF_OF_DAY = re.compile(
    r"\s*(?:\\\)|\$)?\s*(?:\\(?:text|mathrm|mbox)\s*\{\s*)?(?P<word>[ap]\.?m\b)", re.IGNORECASE
)
_DEGREES = re.compile(r"\s*(?:\^\s*\{?\s*\\circ\s*\}?|\\degree|°)")
_FACTOR = re.compile(
    r"\s*\\(?:pi|sqrt|frac|dfrac|tfrac|times|cdot|log|ln|sin|cos|tan|pm|theta|alpha|beta|phi|varphi|omega|infty|left|cdots?|binom)(?![a-zA-Z])"
    r"|\s*[\^+/]|\s*-(?!-)|\s*[π√]|\(|!(?=\s*(?:\$|\\\)|\\\]))|_\{?\d"
)
_PIECE = re.compile(r"[A-Za-z\d]")
_HOLDER = re.compile(
    r"(?:\\(?:d|t|c)?(?:frac|binom)\s*(?:\{[^{}]*\})?|\\sqrt\s*(?:\[[^\]]*\])?|[\^_]|\\(?:sum|int|prod|log|overline|binom)\S*)\s*\Z"
)
_ALTERNATIVE = re.compile(r"\s*(?:\\\)|\$)?\s*(?:or|and)\s+[\\$(]*-?\d[\d.,/]*[\\$)]*\s*(?:\.?\s*\Z|\.\s|\n)")
_BRACE = re.compile(r"(?<!\\)[{}]")
_PARAGRAPH = re.compile(r"\n\n|\\\[|\\\(")
_INSIDE = 300


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its content and where the whole command starts and ends."""

    content: str
    start: int
    end: int


def braced(text: str, start: int) -> int:
    """Return the index after the brace that closes the one at `start`, or -1 where none does (a text cut off)."""
    depth = 0
    for brace in re.finditer(r"\\.|[{}]", text[start:], re.DOTALL):
        if brace[0] == "{":
            depth += 1
        elif brace[0] == "}":
            depth -= 1
            if depth == 0:
                return start + brace.end()
    return -1


def boxes(text: str) -> list[Box]:
    """Return the last boxes of the text in order, outermost ones only; a box that never closes is left out."""
    found: list[Box] = []
    for opener in list(_OPENER.finditer(text))[-_MAX_BOXES:]:
        if found and opener.start() < found[-1].end:
            continue
        box = _box_at(text, opener)
        if box is not None:
            found.append(box)
    return found


def _box_at(text: str, opener: re.Match[str]) -> Box | None:
    if text[opener.end() : opener.end() + 1] != "{":
        bare = _BARE.match(text, opener.end())
        if bare is None or _OPENER.match(text, opener.end()):  # `\boxed \boxed{5}`: the inner one is the box
            return None
        return Box(bare[0], opener.start(), bare.end())
    end = braced(text, opener.end())
    return Box(text[opener.end() + 1 : end - 1], opener.start(), end) if end > 0 else None


@dataclass(frozen=True, slots=True)
class Boxed:
    """What the boxes of a text give: the values, one each if they are alternatives or a list, and where the last box ends."""

    values: tuple[str, ...]
    """Empty if what stands around a box leaves open what it gives."""
    end: int
    labelled: bool = False
    """Whether the values are parts (a), (b), …"""


def boxed_answer(text: str) -> Boxed | None:
    """Return the last box, or the last boxes as the parts (a), (b), … or as the list that the text makes of them."""
    found = boxes(text)
    if not found:
        return None
    if _BOUNDED.search(text, max(0, found[-1].start - _BEFORE), found[-1].start):
        return Boxed((), found[-1].end)
    parts = _labelled(text, found)
    if parts:
        return Boxed(tuple(parts), found[-1].end, labelled=True)
    return _joined(text, found)


def _labelled(text: str, found: list[Box]) -> list[str]:
    if len(found) < 2:
        return []
    if not _label(text[found[-2].end : found[-1].start]):
        return []
    labels = [
        _label(text[before : box.start])
        for before, box in zip([0, *(b.end for b in found)], found, strict=False)
    ]
    count = ord(labels[-1]) - ord("a") + 1
    if count < 2 or labels[-count:] != [chr(ord("a") + i) for i in range(count)]:
        return []
    values = [_value(text, box) for box in found[-count:]]
    return [value for value in values if value is not None] if None not in values else []


def _label(gap: str) -> str:
    labels = _PART_LABEL.findall(gap[-_MAX_GAP:])
    return "".join(labels[-1]).lower() if labels else ""


def _joined(text: str, found: list[Box]) -> Boxed:
    if len(found) > 1 and _by_case(text, *found[-2:]):
        return Boxed((), found[-1].end)
    start = len(found) - 1
    for before, after in reversed(list(pairwise(found))):
        if not _connects(text[before.end : after.start]):
            break
        start -= 1
    ends = {box.end for box in found[start:]}
    values = [_value(text, box, beside=box.start in ends) for box in found[start:]]
    known = tuple(value.strip(" \n") for value in values if value is not None)
    return Boxed(known if len(known) == len(values) else (), found[-1].end)


def _value(text: str, box: Box, *, beside: bool = False) -> str | None:
    """Return the content of a box with what belongs to it, or None if the box is a piece of something.

    Boxes side by side are a list: the one before is nothing that a box is a piece of.
    """
    if _held(text, box) or (not beside and _behind_something(text, box)):
        return None
    content = box.content
    if _ALTERNATIVE.match(text, box.end):
        return None
    if _PERCENT.match(text, box.end) and "%" not in content:
        return content + "\\%"
    if _DEGREES.match(text, box.end):
        return content + "^\\circ"
    for word in (
        _MULTIPLIER.match(text, box.end),
        _HALF_OF_DAY.match(text, box.end) if ":" in content else None,
    ):
        if word:
            return f"{content} {word['word']}"
    return _with_factor(text, box)


def _held(text: str, box: Box) -> bool:
    """Whether the box stands in the braces of a command that makes something else of it: a fraction, a root, an exponent."""
    before = _PARAGRAPH.split(text[max(0, box.start - _INSIDE) : box.start])[-1]
    depth = 0
    for brace in reversed(list(_BRACE.finditer(before))):
        depth += 1 if brace[0] == "}" else -1
        if depth < 0:
            return bool(_HOLDER.search(before, max(0, brace.start() - 80), brace.start()))
    return False


def _behind_something(text: str, box: Box) -> bool:
    """Whether a number, a letter or a minus stands right before the box in its formula."""
    before = text[max(0, box.start - 20) : box.start]
    glued = re.search(
        r"(?:[\dA-Za-z)}]|\\(?:pi|cdot|times|sqrt))\Z|(?:[-+*/^]|\\(?:cdot|times|div|pm)\b)\s*\Z", before
    )
    command = re.search(r"\\[A-Za-z]+\Z", before)
    if command and not re.search(r"\\(?:pi|cdot|times|sqrt|div|pm)\Z", before):
        return False
    return (
        bool(glued)
        and not before.rstrip().endswith(("**", "--", "\n-", "\n*", "\n+"))
        and not re.search(r"(?:^|\n)\s*[-*+]\s*\Z", before)
        and not _prose(before)
    )


def _prose(before: str) -> bool:
    return bool(re.search(r"[A-Za-z]{2,}\Z|[A-Za-z]\s-\s*\Z", before)) and not re.search(
        r"\\[A-Za-z]+\Z", before
    )


def _with_factor(text: str, box: Box) -> str | None:
    """Join a factor, an exponent or a further term to a box; None if it is one side of an equation or a bare letter follows."""
    end = _MATH_END.search(text, box.end)
    rest = text[box.end : end.start() if end else len(text)]
    relation = _RELATION.search(rest)
    own = rest[: relation.start()] if relation else rest
    if not own.strip() or own.lstrip().startswith(("**", "*", "}", ":", "%", '"', "'", "`", "\\\\", ")")):
        return box.content
    factor = _FACTOR.match(own)
    letter = re.match(r"[A-Za-z\d](?![A-Za-z])", own)
    if letter:
        return None
    if not factor or _UNIT.search(
        re.sub(
            r"\\[a-zA-Z]+",
            lambda command: command[0] if command[0] in {"\\text", "\\mathrm", "\\mbox"} else "",
            own,
        )
    ):
        return box.content
    if relation and own.lstrip()[:1] in {"+", "-", "/"}:
        return None
    if "\\boxed" in own or (
        own.lstrip()[:1] in {"-", "/"} and own[:1] == " " and not re.search(r"[\d\\]", own)
    ):
        return None if "\\boxed" in own else box.content
    compound = re.search(r"[-+]", box.content.lstrip("-")) and own.lstrip()[:1] not in {"+", "-"}
    return (f"({box.content})" if compound else box.content) + own.rstrip()


def _by_case(text: str, before: Box, last: Box) -> bool:
    """Whether the last two boxes are what holds in two cases: `3 for n even and 4 for n odd`, `Case 1: 3. Case 2: 4.`."""
    gap = text[before.end : last.start]
    if before.content.strip() == last.content.strip() or len(gap) > _MAX_GAP:
        return False
    if len(gap) <= _MAX_GAP_OF_CASES and "\n\n" not in gap:
        if _CASE_BEHIND.match(gap):
            return True
        if not _connects(gap) and not _SUPERSEDES.search(gap):
            return True  # the minimum is 3 and the maximum is 4
    case = None
    for case in _NEXT_CASE.finditer(gap):  # noqa: B007 - the last one counts
        pass
    return case is not None and not _SUMMED_UP.search(gap, case.end())


def _connects(gap: str) -> bool:
    """Whether what stands between two boxes makes them one answer: `, `, ` and `, ` papers and `."""
    if len(gap) > 60 or "\n\n" in gap:
        return False
    plain = _FORMATTING.sub(" ", gap).strip()
    return not _CONCLUDING.search(plain) and len(_CONNECTED.findall(plain)) <= 5 and _listed(plain)


def _listed(plain: str) -> bool:
    return not plain or bool(re.search(r"\b(?:and|or)\b|[,;&]", plain))
