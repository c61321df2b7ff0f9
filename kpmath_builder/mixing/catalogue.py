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

__all__ = ["KNOWN", "KnownSet", "SetPart"]

Columns = Mapping[str, object]
_DISPUTED = "mit (disputed)"


@dataclass(frozen=True, slots=True)
class SetPart:
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
    parts: tuple[SetPart, ...] = ()
    """The first that fits counts; a part that none fits is like `other`."""
    other: SetPart = SetPart("*")
    hub: str = ""
    """Its id on the Hub."""
    hub_config: str | None = None
    data_files: str | None = None
    """With `{split}` in it; unset: all files of the dataset."""

    def part(self, subset: str) -> SetPart:
        """Return what holds for a part, by the name that the set gives it."""
        return next((part for part in self.parts if fnmatchcase(subset, part.pattern)), self.other)


_OF_METAMATH = (
    SetPart("GSM_*"),
    SetPart("MATH_AnsAug", _DISPUTED, MathText.VERBATIM),
    SetPart("MATH_Rephrased", math=MathText.POSSIBLE),
    SetPart("MATH_*", _DISPUTED, MathText.MASKED),
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
        other=SetPart("*", math=MathText.VERBATIM),
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
        other=SetPart("*", UNKNOWN, MathText.POSSIBLE),
        hub="meta-math/MetaMathQA",
    ),
    "mmiqc": KnownSet(
        "Vivacem/MMIQC",
        "apache-2.0",
        ("instruction", "output", "source"),
        of_alpaca("source"),
        parts=(SetPart("stackexchange-math", "cc-by-sa"), *_OF_METAMATH),
        other=SetPart("*", math=MathText.POSSIBLE),
        hub="Vivacem/MMIQC",
    ),
    "open-platypus": KnownSet(
        "garage-bAInd/Open-Platypus",
        UNKNOWN,
        ("instruction", "output", "data_source"),
        of_alpaca("data_source"),
        parts=(
            SetPart("MATH/PRM-800K", _DISPUTED, MathText.VERBATIM),
            SetPart("theoremqa", "mit"),
            SetPart("scibench", "mit", taken=False),
            SetPart("ARB", "cc-by-4.0", taken=False),
            SetPart("scienceqa", "cc-by-nc-sa-4.0", taken=False),
            SetPart("tigerbot-kaggle", "apache-2.0", taken=False),
            SetPart("guanaco", "apache-2.0", taken=False),
        ),
        other=SetPart("*", taken=False),
        hub="garage-bAInd/Open-Platypus",
    ),
    "mathinstruct": KnownSet(
        "TIGER-Lab/MathInstruct",
        UNKNOWN,
        ("instruction", "output", "source"),
        of_alpaca("source"),
        parts=(
            SetPart("data/CoT/MATH_train*", _DISPUTED, MathText.VERBATIM),
            SetPart("data/CoT/aqua_rat*", "apache-2.0"),
            SetPart("data/CoT/gsm_train*", "mit"),
            SetPart("data/CoT/college_math*", "mit"),
            SetPart("data/CoT/TheoremQA*", "mit"),
            SetPart("data/CoT/math50k_camel*", "cc-by-nc-4.0"),
            SetPart("data/CoT/*", UNKNOWN),
        ),
        other=SetPart("*", UNKNOWN, MathText.POSSIBLE, taken=False),
        hub="TIGER-Lab/MathInstruct",
    ),
}
