"""What of the agreed candidates is published, and which problems repeat others."""

from kpmath_builder.curation.duplicates import find_repeats
from kpmath_builder.curation.problem_index import ProblemIndex
from kpmath_builder.curation.repeat import Repeat, RepeatKind

__all__ = ["ProblemIndex", "Repeat", "RepeatKind", "find_repeats"]
