r"""Reads the final answer out of a solution: a JSON field, `<answer>`, `\boxed{}`, `####`, "The answer is", or a plain conclusion.

The ways are tried in that order, and each looks at the end of the text first. What the text takes back behind its answer is not
read; if two readings are possible, none is. Nothing is computed and nothing is run: a text that names no answer is an abstention.
"""

import re
import unicodedata
from functools import lru_cache

from kpmath_builder.answers.announced import Found, announced, hashed, labelled_lines
from kpmath_builder.answers.answer import Answer
from kpmath_builder.answers.boxes import boxed_answer
from kpmath_builder.answers.canonical import form_of
from kpmath_builder.answers.conclusions import concluded, last_line
from kpmath_builder.answers.elsewhere import in_english
from kpmath_builder.answers.ending import SolutionText, is_whole, solution_text
from kpmath_builder.answers.forms import same_form
from kpmath_builder.answers.headings import first_answer
from kpmath_builder.answers.parts import split_parts
from kpmath_builder.answers.phrases import NO_ANSWERS, NOT_KNOWN, RETRACTION, UNFINISHED
from kpmath_builder.answers.replies import json_answer, tagged_answer
from kpmath_builder.answers.wrappers import unwrap

__all__ = ["as_answer", "final_answer", "make_answer"]

_MAX_TEXT = 60_000
_MAX_END = 1_500
_MAX_CORRECTIONS = 8
_MAX_DIGITS = 20
"""Of an integer that is remembered."""
_MARKED = re.compile(r"\\boxed|\\fbox|####|\banswers?\b|\n\s*A:|</?answer>|begin_of_box", re.IGNORECASE)
_SOLVED = re.compile(r"\\boxed|\\fbox|####|</answer>")
"""A text with such a mark is a solution: if it is not read, it is no answer either."""
_PLACEHOLDER = re.compile(r"(?!\\\{\s*\\\}\Z)(?:<[a-zA-Z_][\w^*+/| -]*>|[^\w∞∅√π½⅓¼]*)")
_FIELD = re.compile(
    r"(?:\\text\{)?[\\\"'`{ ]*(?:final[_ ])?answer[\\\"'`]*\s*:\s*[\\\"'` ]*([^\"'`\n]+?)[\\\"'`} ]*",
    re.IGNORECASE,
)
"""An answer that is itself an answer field: a JSON reply that was quoted."""
_HOLLOW = re.compile(
    r"\\(?:text|mbox|mathrm|phantom|quad|qquad|ldots|dots|cdots|square|Box|underline|hspace)\b|[{}_\s]"
)
"""What stands for a place that is left open."""
_TEXT_ONLY = re.compile(r"\\(?:text|mbox|mathrm)\s*\{([^{}]*)\}")
_SPACED_DIGITS = re.compile(r"\\mathbf\s*\{\s*(-?\s*\d(?:\s+\d)*)\s*\}")
_DISPLAY = re.compile(r"(\\\[|\$\$)[ \t]*\n\s*([^\n]{1,300}?)\s*\n\s*(\\\]|\$\$)")
_STRUCK_OUT = re.compile(r"~~(?=\S)[^~\n]{1,200}?~~[ \t]*|<del>[^<\n]{1,200}</del>[ \t]*")
_FENCED = re.compile(r"```(?:\w+)?\n\s*([^\n`]{1,80})\n```\s*\Z")
_ALIGNED = re.compile(
    r"\\begin\{(aligned|align\*?|gathered|gather\*?|cases|array)\}(?:\{[lcr|]*\})?(?P<rows>.*)\\end\{\1\}",
    re.DOTALL,
)
_ROW = re.compile(r"\s*[A-Za-z](?:_\{?\w+\}?)?\s*&?\s*=\s*&?\s*[^&=]+")
_ASKED = re.compile(
    r"\n[ \t]*\n[ \t*#]*(?:(?:Now|Next|Then|Finally|Also|Similarly|Similar)[,:]?[ \t]+)?"
    r"(?:(?:[Ff]ind|[Cc]ompute|[Cc]alculate|[Dd]etermine|[Ss]olve|[Ee]valuate|[Ss]implify|[Cc]onsider)\b[^\n]*|[^\n]{8,}\?[ \t]*(?=\n))"
)
_NOT_ASKED = re.compile(
    r"\b(?:check|verify|sure|correct|sense|would you|do you|let me|let us|let's|wait|hmm|why)\b",
    re.IGNORECASE,
)
_LIST_MARK = re.compile(r"1[.)]\s+(?=\S+\s*\Z)")


def final_answer(text: str | SolutionText) -> Answer | None:
    """Return the final answer of a solution, or None if it names none (an abstention, not a wrong vote).

    Parameters
    ----------
    text
        A whole solution: prose, LaTeX, a JSON reply, or an answer alone; where it ends is decided by `solution_text`.
        Only its last 60,000 characters are read.

    """
    if isinstance(text, SolutionText):
        said = text.text
    else:
        said = text if is_whole(text) else solution_text(text).text
    return _read(said[-_MAX_TEXT:], _MAX_CORRECTIONS)


def as_answer(text: str) -> Answer | None:
    """Return the answer that a text is or, if it is a whole solution, holds."""
    if len(text) > 300 or _MARKED.search(text):
        answer = final_answer(text)
        if answer is not None or _SOLVED.search(text):
            return answer
    return make_answer(text)


def make_answer(raw: str) -> Answer | None:
    """Return the answer written as `raw`, or None if it says that there is none."""
    if raw.isascii() and raw.isdigit():
        return _integer(raw) if len(raw) < _MAX_DIGITS else Answer(raw, (raw,))
    if "\\mathbf" in raw:
        raw = _SPACED_DIGITS.sub(lambda found: re.sub(r"\s", "", found[1]), raw)
    text = unwrap(raw)
    if not text.isascii():
        text = in_english(_ascii_digits(text))
    if text.startswith("\\begin{"):
        text = _rows(text)
    field = _FIELD.fullmatch(text) if "nswer" in text else None
    if field:
        text = unwrap(field[1])
    if "\\" in text and not _HOLLOW.sub("", text).strip():
        return None
    plain = (_TEXT_ONLY.sub(r"\1", text) if "\\" in text else text).casefold().strip().rstrip("!.")
    if plain in NO_ANSWERS or _PLACEHOLDER.fullmatch(text) or NOT_KNOWN.fullmatch(plain):
        return None
    return Answer(text, split_parts(text))


@lru_cache(maxsize=1 << 12)
def _integer(digits: str) -> Answer:
    """Return one object for one integer: most answers are integers, and a vote sees at once that they are the same."""
    return Answer(digits, (digits,))


def _read(text: str, corrections: int) -> Answer | None:
    field = json_answer(text)
    if field is not None:
        answer = make_answer(field)
        if answer is not None:
            return answer
    text = _laid_out(text)
    for way in (_tagged, _boxed, hashed, labelled_lines, announced):
        found = way(text)
        if found is None:
            continue
        if found.raw is None:
            return None
        answer = _checked(found.raw)
        if answer is not None:
            answer = _unless_corrected(text, found, answer, corrections)
            return None if answer is None or _asked_again(text, found, answer) else answer
    for raw in (last_line(text), concluded(text)):
        answer = None if raw is None else _checked(raw)
        if answer is not None:
            return answer
    return None


def _unless_corrected(text: str, found: Found, answer: Answer, corrections: int) -> Answer | None:
    """Return the answer unless what follows takes it back; then what follows is read, or nothing is."""
    behind = text[found.end :]
    if not behind.strip(" \n.$*\\)]}"):
        return answer
    taken_back = _retraction(behind)
    if taken_back:
        rest = behind[taken_back.end() :]
        return _read(rest.lstrip(" \n:,.;—-"), corrections - 1) if corrections else None
    if UNFINISHED.search(behind) and len(behind.split()) > 2:
        return None
    later = announced(behind, answers_only=True)
    other = None if later is None or later.raw is None else _checked(later.raw)
    contradicts = other is not None and re.search(r"[\d\\]", other.text) and not _same(answer, other)
    return None if contradicts else answer


def _asked_again(text: str, found: Found, answer: Answer) -> bool:
    """Whether something is asked between this answer and an earlier one that differs: nobody can say which of them is meant."""
    for asked in _ASKED.finditer(text, 0, found.end):
        if first_answer(text, 0, asked.start()) < asked.start() and not _NOT_ASKED.search(asked[0]):
            earlier = _read(text[: asked.start()], 0)
            return earlier is not None and not _same(earlier, answer)
    return False


def _retraction(behind: str) -> re.Match[str] | None:
    """Return the last of the words that take an answer back at once: "no, scratch that" is one retraction."""
    last = None
    for found in RETRACTION.finditer(behind):
        if last is not None and re.search(r"\d", behind[last.end() : found.start()]):
            break
        last = found
    return last


def _tagged(text: str) -> Found | None:
    tagged = tagged_answer(text)
    if tagged is None:
        return None
    inside, end = tagged
    if _tagged_otherwise(text, inside):
        return Found(None, end)
    answer = _read(inside, 0) if _MARKED.search(inside) or len(inside) > 60 else None
    if answer is None:
        sentence = concluded(f"So {inside.strip()}")
        raw = sentence if sentence is not None and len(inside.split()) > 3 else inside
        return Found(raw, end)
    return Found(answer.text, end)


def _tagged_otherwise(text: str, inside: str) -> bool:
    """Whether an earlier tag holds another answer, and nothing between the two takes it back."""
    start = text.rfind("<answer>")
    earlier = tagged_answer(text[:start]) if start > 0 else None
    if earlier is None or RETRACTION.search(text, earlier[1], start):
        return False
    first, last = _checked(earlier[0]), _checked(inside)
    return first is not None and last is not None and not _same(first, last)


def _boxed(text: str) -> Found | None:
    boxed = boxed_answer(text)
    if boxed is None:
        return None
    if not boxed.values or not all(value.strip() for value in boxed.values):
        return Found(None, boxed.end)
    if boxed.labelled:
        return Found(
            " ".join(f"({chr(ord('a') + i)}) {value}" for i, value in enumerate(boxed.values)), boxed.end
        )
    return Found(", ".join(_distinct(boxed.values)), boxed.end)


def _distinct(values: tuple[str, ...]) -> list[str]:
    """Leave out what says the same as a later box: one value written in two ways."""
    kept: list[str] = []
    for value in reversed(values):
        if not any(value == other or same_form(form_of((value,)), form_of((other,))) for other in kept):
            kept.insert(0, value)
    return kept


def _checked(raw: str) -> Answer | None:
    """Return the answer, or None if it was cut off within a brace."""
    bare = raw.replace("\\\\", "").replace("\\{", "").replace("\\}", "")
    if bare.count("{") > bare.count("}") and not raw.rstrip().endswith("}"):
        return None
    return make_answer(raw.strip().strip("*") if raw.count("**") % 2 else raw)


def _same(one: Answer, other: Answer) -> bool:
    return one.text == other.text or same_form(form_of(one.parts), form_of(other.parts))


def _laid_out(text: str) -> str:
    """Return the text without what is struck out, and without what only lays out its end: fences, displays on lines of their own."""
    text = text.rstrip()
    if "~~" in text or "<del>" in text:
        text = _STRUCK_OUT.sub("", text)
    if text.endswith("```"):
        fenced = _FENCED.search(text)
        text = text[: fenced.start()] + fenced[1] if fenced else text.removesuffix("```").rstrip()
    end = text[-_MAX_END:]
    if "\\[\n" in end or "$$\n" in end:
        text = text[:-_MAX_END] + _DISPLAY.sub(r"\1 \2 \3", end)
    mark = _LIST_MARK.match(text)
    return text[mark.end() :] if mark else text


def _rows(text: str) -> str:
    """Return rows that each give a name its value as a list; any other environment as it is."""
    aligned = _ALIGNED.fullmatch(text)
    rows = [row for row in re.split(r"\\\\", aligned["rows"]) if row.strip()] if aligned else []
    if len(rows) < 2 or not all(_ROW.fullmatch(row) for row in rows):
        return text
    return ", ".join(row.replace("&", "").strip().rstrip(",.") for row in rows)


def _ascii_digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
