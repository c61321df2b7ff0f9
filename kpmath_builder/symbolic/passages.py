"""A seed as a passage of a larger question: its text with holes for the numbers, and where another result may enter.

Holes are single private-use characters, so that the rules of English and of renaming work on the text as it stands.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from kpmath_builder.symbolic.binding import read_program
from kpmath_builder.symbolic.givens import GivenNumber
from kpmath_builder.symbolic.kinds import COUNTED, MONEY, answers_in_another_unit, kind_asked, kind_of_words
from kpmath_builder.symbolic.names import capitalised, rename, shared_names
from kpmath_builder.symbolic.programs import Program, moves_answer
from kpmath_builder.symbolic.reasons import UnfitError, UnfitReason
from kpmath_builder.symbolic.sentences import answer_stated, definitions, split_question

__all__ = ["HOLES", "OUT", "Passage", "disentangle", "hole", "passage_of"]

HOLES = "\ue000-\ue0fe"
OUT = "\ue0ff"
"""Stands for the variable that a passage defines."""

_PLURAL = re.compile(
    r"(?:[A-Za-z]+(?:ren|men|eet|eeth|ice|eople|sheep|fish|deer)|[A-Za-z]+[a-rt-z]s|[A-Za-z]+(?:sses|uses))$"
)
_NO_PLURAL = re.compile(
    r"^(?:this|his|its|is|was|as|has|does|less|plus|times|us|bus|gas|class|always|across|yes|thus|per|and|or|each)$",
    re.IGNORECASE,
)
_MEAN = re.compile(r"\b(?:average|mean|each|every|per|a)\b")
"""Words of questions whose answer may count in fractions."""
_OF_ONE_DAY = re.compile(r"\bthat day\b|\bin (?:a|one) day\b")
_SINGULAR_MONEY = re.compile(
    r"^[ -](?:bill|bills|note|coupon|discount|gift|voucher|down|tip|fee|deposit|fine|per)\b"
)


@dataclass(frozen=True, eq=False)
class Passage:
    """Statements and final question of one seed, with holes."""

    program: Program
    body: str
    final: str
    entries: tuple[int, ...]
    """Givens in whose place the result of another passage can stand, by grammar."""
    kinds: Mapping[int, str]
    """What the given at an entry counts or measures."""
    asks: str
    """What its answer counts or measures; empty if that is not certain, and nothing takes it then."""
    words: frozenset[str]
    """Its capitalised words: people and places."""
    renamed: tuple[tuple[str, str], ...] = ()

    @property
    def forms(self) -> tuple[str, ...]:
        """The whole passage as the definition of a variable, in every wording."""
        return _forms(self.body, self.final, self.asks)

    @property
    def stating(self) -> tuple[str, tuple[str, ...]]:
        """The whole passage up to its answer, which it states, and the ways to ask for something else (`{}`) behind it."""
        before, endings = answer_stated(self.final, kind=self.asks)
        return f"{self.body} {before}".lstrip(), endings

    @property
    def asking(self) -> str:
        """The whole passage with its own question."""
        return f"{self.body} {self.final}".strip()


@lru_cache(maxsize=16_384)
def _forms(body: str, final: str, kind: str) -> tuple[str, ...]:
    return tuple(f"{body} {form}".strip() for form in definitions(final, OUT, kind=kind))


def hole(place: int) -> str:
    """Return the character that stands for the given at `place`."""
    return chr(0xE000 + place)


@lru_cache(maxsize=16_384)
def passage_of(question: str, solution: str) -> Passage:
    """Read a seed.

    Raises
    ------
    UnfitError
        With the named reason why it cannot be used.
    """
    program = read_program(question, solution)
    text = question
    for place in reversed(program.variable):
        given = program.givens[place]
        text = text[: given.start] + hole(place) + text[given.end :]
    parts = split_question(" ".join(text.split()))
    if parts is None:
        raise UnfitError(UnfitReason.NOT_ONE_QUESTION)
    if answers_in_another_unit(parts[1], solution):
        raise UnfitError(UnfitReason.ANSWERS_OTHERWISE)
    entries = tuple(
        place
        for place in program.variable
        if _may_enter(text, program.givens[place], hole(place)) and moves_answer(program, place)
    )
    asks = kind_asked(parts[1], solution)
    if asks in COUNTED and not isinstance(program.steps[-1].value, int) and not _MEAN.search(parts[1]):
        raise UnfitError(UnfitReason.FRACTION_OF_A_COUNT)
    if asks == "hours" and program.steps[-1].value > 24 and _OF_ONE_DAY.search(parts[1]):
        raise UnfitError(UnfitReason.IMPOSSIBLE_NUMBER)
    kinds = {place: _kind(text, program.givens[place], hole(place)) for place in entries}
    return Passage(program, *parts, entries, kinds, asks, capitalised(text))


def _kind(text: str, given: GivenNumber, mark: str) -> str:
    before, _, after = text.partition(mark)
    if given.kind != "money":
        return kind_of_words(after)
    return MONEY if before.endswith("$") or not re.search("[€£]", before[-2:] + after[:2]) else ""


def _may_enter(text: str, given: GivenNumber, mark: str) -> bool:
    """Return whether a letter can stand for the number: `n apples`, `$n`, but not `a n-page book`."""
    if (
        given.kind == "percent"
        or (given.decimals and given.kind != "money")
        or given.vowel is not None
        or given.kept
        or given.cents
    ):
        return False
    before, _, after = text.partition(mark)
    if not before.strip() or re.search(r"[.!?][\"”’]?\s+$|[“\"(]\s?$|\b(?:one|every|another) \$?$", before):
        return False
    if re.match(r"[-%/’'\"”]|\)|\s?[A-Z]", after):
        return False
    if given.kind == "money" and before.endswith("$"):
        return not _SINGULAR_MONEY.match(after)
    return _plural_follows(after)


def _plural_follows(after: str) -> bool:
    if re.match(
        r"\s*(?:[.,;?!]|more than|less than|fewer than|times\b|of\b|on\b|in\b|and\b|from\b|to\b)", after
    ):
        return not after.startswith(("in ", "to "))
    for word in re.findall(r"[A-Za-z]+|[^\sA-Za-z-]", after)[:3]:
        if not word[0].isalpha():
            return False
        if _PLURAL.fullmatch(word) and not _NO_PLURAL.match(word):
            return True
        if _NO_PLURAL.match(word):
            return False
    return False


@lru_cache(maxsize=1024)
def disentangle(passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
    """Rename people of later passages who bear the name of somebody in an earlier one."""
    words = [passage.words for passage in passages]
    clear: list[Passage] = []
    for i, passage in enumerate(passages):
        changes = shared_names(words, i)
        if changes:
            passage = replace(  # noqa: PLW2901 -- the same passage under other names
                passage,
                body=rename(passage.body, changes),
                final=rename(passage.final, changes),
                renamed=changes,
            )
        clear.append(passage)
    return tuple(clear)
