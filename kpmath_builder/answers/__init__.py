"""Reading final answers, comparing them, checking arithmetic, voting. Knows no teacher."""

from kpmath_builder.answers.answer import Answer
from kpmath_builder.answers.arithmetic import ArithmeticCheck, check_arithmetic
from kpmath_builder.answers.consensus import AnswerClass, Consensus, NoWinner, vote
from kpmath_builder.answers.equivalence import Reason, Verdict, equivalent
from kpmath_builder.answers.reading import final_answer

__all__ = [
    "Answer",
    "AnswerClass",
    "ArithmeticCheck",
    "Consensus",
    "NoWinner",
    "Reason",
    "Verdict",
    "check_arithmetic",
    "equivalent",
    "final_answer",
    "vote",
]
