"""The normal forms of a problem: two problems that are equal in one of them repeat each other in that way."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from kpmath_builder.curation.masks import NUMBER, mask_names, mask_numbers
from kpmath_builder.curation.repeat import RepeatKind
from kpmath_builder.curation.token_kinds import SENTENCE, folded_token, is_word
from kpmath_builder.curation.tokens import raw_tokens

__all__ = ["FORMS", "Forms"]

FORMS = (
    RepeatKind.VERBATIM,
    RepeatKind.REFORMATTED,
    RepeatKind.RENUMBERED,
    RepeatKind.RENAMED,
    RepeatKind.RENUMBERED,
)
"""What equality of each key of `Forms.keys` means, strongest first; the last is that of other numbers and other names."""

_CAPITAL_COMMAND = re.compile(r"\\[A-Z]\w*")
_LEAST_WORDS = 3
"""A text with fewer words beside its numbers is no text with other numbers: "Compute 3 + 5" and "Compute 7 + 9"."""


@dataclass(frozen=True, slots=True)
class Forms:
    """A problem in its normal forms."""

    keys: tuple[int | None, ...]
    """A hash for each of `FORMS`; None if the problem has no such form."""
    tokens: Sequence[str]
    """Normalised tokens, without ends of sentences."""
    masked: Sequence[str]
    """The same with numbers masked."""

    @classmethod
    def of(cls, text: str) -> "Forms":
        """Return the forms of a text."""
        raw = raw_tokens(text)
        marked = [folded_token(token) for token in raw]
        tokens = [token for token in marked if token != SENTENCE]
        masked = mask_numbers(tokens)
        renumbered = masked if _has_words(masked) else None
        named = mask_names(raw)
        renamed = [token for token in named if token != SENTENCE] if named else None
        both = mask_numbers(renamed) if renamed and renumbered else None
        keys = (
            _key([" ".join(text.casefold().split()), *_CAPITAL_COMMAND.findall(text)]),
            _key(sorted(" ".join(sentence) for sentence in _sentences(marked))),
            *(None if form is None else _key(form) for form in (renumbered, renamed, both)),
        )
        return cls(keys, tokens, masked)


def _has_words(masked: Sequence[str]) -> bool:
    words = sum(token != NUMBER and is_word(token) for token in masked)
    return words >= _LEAST_WORDS


def _sentences(tokens: Sequence[str]) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for token in tokens:
        if token == SENTENCE:
            found.append([])
        else:
            found[-1].append(token)
    return [sentence for sentence in found if sentence]


def _key(parts: Sequence[str]) -> int:
    return int.from_bytes(
        blake2b("\x1f".join(parts).encode(errors="surrogatepass"), digest_size=8).digest(), "big"
    )
