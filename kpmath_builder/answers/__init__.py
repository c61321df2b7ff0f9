"""Reading final answers, comparing them, checking arithmetic, voting. Knows no teacher."""

from kpmath_builder.answers.answer import Answer
from kpmath_builder.answers.arithmetic import ArithmeticCheck, check_arithmetic
from kpmath_builder.answers.consensus import AnswerClass, Consensus, NoWinner, vote
from kpmath_builder.answers.early_stopping import EarlyStopping, Standing
from kpmath_builder.answers.ending import (
    STOP_STRINGS,
    Cut,
    SolutionText,
    solution_text,
    split_thinking,
    stop_strings,
)
from kpmath_builder.answers.equivalence import Reason, Verdict, equivalent
from kpmath_builder.answers.reading import final_answer
from kpmath_builder.answers.reward import reward
from kpmath_builder.answers.undecided import undecided

__all__ = [
    "STOP_STRINGS",
    "Answer",
    "AnswerClass",
    "ArithmeticCheck",
    "Consensus",
    "Cut",
    "EarlyStopping",
    "NoWinner",
    "Reason",
    "SolutionText",
    "Standing",
    "Verdict",
    "check_arithmetic",
    "equivalent",
    "final_answer",
    "reward",
    "solution_text",
    "split_thinking",
    "stop_strings",
    "undecided",
    "vote",
]
