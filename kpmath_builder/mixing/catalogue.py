"""The sets that are known: what their columns mean, and the licences of their parts as far as they were looked up (docs/mix.md)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from kpmath_builder.mixing.licences import UNKNOWN
from kpmath_builder.mixing.reading import (
    Pair,
    of_alpaca,
    of_build,
    of_gsm8k,
    of_math,
    of_metamathqa,
    of_tal,
)
from kpmath_builder.mixing.rows import MathText

__all__ = ["KNOWN", "KnownSet", "Part"]

Columns = Mapping[str, object]
_DISPUTED = "mit (disputed)"


@dataclass(frozen=True, slots=True)
class Part:
    """What holds for the rows of a part of a set."""

    pattern: str
    """Of the names of such parts, as in a shell."""
    licence: str = ""
    """Empty: that of the set."""
    math: MathText = MathText.NO
    taken: bool = True
    """Whether it is taken if the recipe names no parts."""


@dataclass(frozen=True, slots=True)
class KnownSet:
    """A set that needs no field map."""

    source: str
    """Its name in each row."""
    licence: str
    columns: tuple[str, ...]
    """Those that each row must have."""
    read: Callable[[Columns], Pair]
    parts: tuple[Part, ...] = ()
    """The first that fits counts; a part that none fits is like `other`."""
    other: Part = Part("*")
    hub: str = ""
    """Its id on the Hub."""
    hub_config: str | None = None
    data_files: str | None = None
    """With `{split}` in it; unset: all files of the dataset."""

    def part(self, subset: str) -> Part:
        """Return what holds for a part, by the name that the set gives it."""
        return next((part for part in self.parts if fnmatchcase(subset, part.pattern)), self.other)


_OF_METAMATH = (
    Part("GSM_*"),
    Part("MATH_AnsAug", _DISPUTED, MathText.VERBATIM),
    Part("MATH_Rephrased", math=MathText.POSSIBLE),
    Part("MATH_*", _DISPUTED, MathText.MASKED),
)
"""MATH_SV and MATH_FOBAR are problems of MATH with one number masked."""

KNOWN: Mapping[str, KnownSet] = {
    "build": KnownSet("", "", ("id", "question", "solution", "answer"), of_build),
    "gsm8k": KnownSet(
        "openai/gsm8k", "mit", ("question", "answer"), of_gsm8k, hub="openai/gsm8k", hub_config="main"
    ),
    "math": KnownSet(
        "hendrycks/math",
        _DISPUTED,
        ("problem", "solution"),
        of_math,
        other=Part("*", math=MathText.VERBATIM),
        hub="EleutherAI/hendrycks_math",
    ),
    "tal-scq5k-en": KnownSet(
        "math-eval/TAL-SCQ5K",
        "mit",
        ("problem", "answer_option_list", "answer_analysis", "answer_value"),
        of_tal,
        hub="math-eval/TAL-SCQ5K",
        data_files="TAL-SCQ5K-EN/{split}.jsonl",
    ),
    "metamathqa": KnownSet(
        "meta-math/MetaMathQA",
        "mit",
        ("query", "response", "type"),
        of_metamathqa,
        parts=_OF_METAMATH,
        other=Part("*", UNKNOWN, MathText.POSSIBLE),
        hub="meta-math/MetaMathQA",
    ),
    "mmiqc": KnownSet(
        "Vivacem/MMIQC",
        "apache-2.0",
        ("instruction", "output", "source"),
        of_alpaca("source"),
        parts=(Part("stackexchange-math", "cc-by-sa"), *_OF_METAMATH),
        other=Part("*", math=MathText.POSSIBLE),
        hub="Vivacem/MMIQC",
    ),
    "open-platypus": KnownSet(
        "garage-bAInd/Open-Platypus",
        UNKNOWN,
        ("instruction", "output", "data_source"),
        of_alpaca("data_source"),
        parts=(
            Part("MATH/PRM-800K", _DISPUTED, MathText.VERBATIM),
            Part("theoremqa", "mit"),
            Part("scibench", "mit", taken=False),
            Part("ARB", "cc-by-4.0", taken=False),
            Part("scienceqa", "cc-by-nc-sa-4.0", taken=False),
            Part("tigerbot-kaggle", "apache-2.0", taken=False),
            Part("guanaco", "apache-2.0", taken=False),
        ),
        other=Part("*", taken=False),
        hub="garage-bAInd/Open-Platypus",
    ),
    "mathinstruct": KnownSet(
        "TIGER-Lab/MathInstruct",
        UNKNOWN,
        ("instruction", "output", "source"),
        of_alpaca("source"),
        parts=(
            Part("data/CoT/MATH_train*", _DISPUTED, MathText.VERBATIM),
            Part("data/CoT/aqua_rat*", "apache-2.0"),
            Part("data/CoT/gsm_train*", "mit"),
            Part("data/CoT/college_math*", "mit"),
            Part("data/CoT/TheoremQA*", "mit"),
            Part("data/CoT/math50k_camel*", "cc-by-nc-4.0"),
            Part("data/CoT/*", UNKNOWN),
        ),
        other=Part("*", UNKNOWN, MathText.POSSIBLE, taken=False),
        hub="TIGER-Lab/MathInstruct",
    ),
}
