"""The normal forms of a problem: two problems that are equal in one of them repeat each other in that way."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from kpmath_builder.curation.markup import without_label
from kpmath_builder.curation.masks import mask_names, mask_numbers, telling_tokens
from kpmath_builder.curation.numbers import numbers_of_prose
from kpmath_builder.curation.order import in_plain_order
from kpmath_builder.curation.repeat import RepeatKind
from kpmath_builder.curation.token_kinds import SENTENCE, Remembered, folded_token, keeps_case
from kpmath_builder.curation.tokens import raw_tokens, without_capital_articles

__all__ = ["EQUAL", "FORMS", "Forms", "plain_text", "sentences_of"]

FORMS = (
    RepeatKind.VERBATIM,
    RepeatKind.REFORMATTED,
    RepeatKind.RENUMBERED,
    RepeatKind.RENAMED,
    RepeatKind.RENUMBERED,
    RepeatKind.RENAMED,
    RepeatKind.RENUMBERED,
    RepeatKind.NEAR,
)
"""What equality of each key of `Forms.keys` means, strongest first. Behind the first four: other numbers and other names; other names and
pronouns, without and with other numbers; the same sentences in whatever order."""
EQUAL = 2
"""So many forms, the first, are those of one problem: what is equal in them is equal in all that matters."""

_CASED = re.compile(r"\\[A-Z]\w*|(?<![^\W\d_\\'’])[^\W\d_]{1,2}+(?!['’]?[^\W\d_])")
_LEAST = 11
"""A text with fewer tokens beside its numbers and brackets has a form that many problems share: "What is the remainder when 5 + 7 is divided by 3"."""
_FOLDED = Remembered(folded_token)


@dataclass(frozen=True, slots=True)
class Forms:
    """A problem in its normal forms."""

    keys: tuple[int | None, ...]
    """A hash for each of `FORMS`; None if the problem has no such form."""
    sentences: Sequence[str]
    """Normalised tokens of each sentence, joined by spaces."""
    tokens: Sequence[str]
    """Those of all sentences in their order."""
    numbers: int | None
    """A hash of the numbers of a text of prose; a copy in other words has the same."""

    @classmethod
    def of(cls, text: str) -> "Forms":
        """Return the forms of a text."""
        raw = raw_tokens(text)
        marked = list(map(_FOLDED.__getitem__, raw))
        sentences = _sentences(marked)
        tokens = _without_ends(marked)
        renumbered = mask_numbers(tokens)
        telling = telling_tokens(tokens) >= _LEAST
        renamed, neutral = map(_without_ends, mask_names(raw))
        keys = (
            _key([plain_text(text), *_cased(without_label(text))]),
            _key(in_plain_order(sentences)) if sentences else None,
            _key([renumbered]) if telling else None,
            _key(renamed) if renamed else None,
            _key([mask_numbers(renamed)]) if renamed and telling else None,
            _key(neutral) if neutral else None,
            _key([mask_numbers(neutral)]) if neutral and telling else None,
            _key(sorted(sentences)) if len(sentences) > 1 else None,
        )
        numbers = numbers_of_prose(tokens)
        return cls(keys, sentences, tokens, _key(numbers) if numbers else None)


def sentences_of(text: str) -> list[str]:
    """Return the normalised tokens of each sentence of a text, as `Forms.sentences` has them."""
    return _sentences(list(map(_FOLDED.__getitem__, raw_tokens(text))))


def plain_text(text: str) -> str:
    """Return the text in lower case with single spaces, without a label such as "Problem 5:"."""
    return " ".join(without_label(text).casefold().split())


def _cased(text: str) -> list[str]:
    """Return commands and variables, in which the case matters."""
    return [word for word in _CASED.findall(without_capital_articles(text)) if keeps_case(word)]


def _without_ends(tokens: Iterable[str]) -> list[str]:
    return [token for token in tokens if token != SENTENCE]


def _sentences(tokens: Sequence[str]) -> list[str]:
    return [sentence for part in " ".join(tokens).split(SENTENCE) if (sentence := part.strip(" "))]


def _key(parts: Sequence[str]) -> int:
    digest = blake2b("\x1f".join(parts).encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")
