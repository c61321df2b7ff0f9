"""The normal forms of a problem: two problems that are equal in one of them repeat each other in that way."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from kpmath_builder.curation.masks import NUMBER, mask_names, mask_numbers
from kpmath_builder.curation.repeat import RepeatKind
from kpmath_builder.curation.token_kinds import SENTENCE, folded_token
from kpmath_builder.curation.tokens import raw_tokens

__all__ = ["EQUAL", "FORMS", "Forms", "plain_text"]

FORMS = (
    RepeatKind.VERBATIM,
    RepeatKind.REFORMATTED,
    RepeatKind.RENUMBERED,
    RepeatKind.RENAMED,
    RepeatKind.RENUMBERED,
)
"""What equality of each key of `Forms.keys` means, strongest first; the last is that of other numbers and other names."""

EQUAL = 2
"""So many forms, the first, are those of one problem: what is equal in them is equal in all that matters."""

_CAPITAL_COMMAND = re.compile(r"\\[A-Z]\w*")
_LEAST = 10
"""A text with fewer tokens beside its numbers has a form that many problems share: "Find the greatest common factor of 32 and 48"."""


@dataclass(frozen=True, slots=True)
class Forms:
    """A problem in its normal forms."""

    keys: tuple[int | None, ...]
    """A hash for each of `FORMS`; None if the problem has no such form."""
    sentences: Sequence[Sequence[str]]
    """Normalised tokens."""

    @classmethod
    def of(cls, text: str) -> "Forms":
        """Return the forms of a text."""
        raw = raw_tokens(text)
        sentences = _sentences([folded_token(token) for token in raw])
        renumbered = mask_numbers([token for sentence in sentences for token in sentence])
        telling = len(renumbered) - renumbered.count(NUMBER) >= _LEAST
        named = mask_names(raw)
        renamed = [token for token in named if token != SENTENCE] if named else None
        keys = (
            _key([plain_text(text), *_CAPITAL_COMMAND.findall(text)]),
            _key(sorted(map(" ".join, sentences))) if sentences else None,
            _key(renumbered) if telling else None,
            _key(renamed) if renamed else None,
            _key(mask_numbers(renamed)) if renamed and telling else None,
        )
        return cls(keys, sentences)

    @property
    def tokens(self) -> list[str]:
        """Return the tokens of all sentences in their order."""
        return [token for sentence in self.sentences for token in sentence]


def plain_text(text: str) -> str:
    """Return the text in lower case with single spaces."""
    return " ".join(text.casefold().split())


def _sentences(tokens: Sequence[str]) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for token in tokens:
        if token == SENTENCE:
            found.append([])
        else:
            found[-1].append(token)
    return [sentence for sentence in found if sentence]


def _key(parts: Sequence[str]) -> int:
    digest = blake2b("\x1f".join(parts).encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")
