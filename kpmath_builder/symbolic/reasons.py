"""Why a seed cannot be used, or practices cannot be composed: the whole vocabulary."""

from enum import StrEnum

__all__ = ["UnfitError", "UnfitReason"]


class UnfitReason(StrEnum):
    """A named reason, as it stands in the text of a refusal."""

    NO_ANNOTATIONS = "seed solution has no calculator annotations"
    TOO_LONG = "seed is far longer than a word problem"
    NO_ANSWER = "seed solution does not end with #### and a number, its answer"
    NOT_ARITHMETIC = "annotation is not plain arithmetic"
    WRONG_STEP = "step does not compute to what it says"
    CONTRADICTION = "seed contradicts itself: a step says something else in words than in its annotation, or a thing differs from itself"
    ANSWERS_OTHERWISE = "seed's solution answers something else than its question says: another unit, another person, a price that is a wage"
    KNOWN_FAULT = "seed's answer is not that of its question, as readers found"
    ENDS_OF_A_ROW = "posts at equal distances, which may be counted with or without the last one"
    MIXED_UNITS = "step that adds different units or currencies, or divides a length by an area"
    IMPOSSIBLE_NUMBER = "number that cannot be: days in a week, hours in a day, percent of a whole"
    FRACTION_OF_A_COUNT = "answer counts people or things in fractions"
    EQUATION = "equation that is not plain arithmetic"
    UNKNOWN_ORIGIN = "number of unknown origin in a step"
    UNUSED_STEP = "step that nothing uses"
    NOT_LAST = "answer is not the last step"
    NOTHING_MOVES = "no number of the question may change"
    NOT_ONE_QUESTION = "problem does not end in one question for one number"
    NOTHING_TO_ASK_FOR = (
        "the practices are one seed, and no number of it is surely the only one that leads to its answer"
    )
    NO_NUMBERS = "no other numbers fit a practice, alone or with the result of another"


class UnfitError(ValueError):
    """A seed or a set of practices that rules cannot work with."""

    def __init__(self, reason: UnfitReason) -> None:
        super().__init__(reason.value)
        self.reason = reason
