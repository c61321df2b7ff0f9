"""What of the agreed candidates is published, and which problems repeat others."""

from kpmath_builder.curation.duplicates import RowRepeats, compare_rows, find_repeats
from kpmath_builder.curation.problem_index import ProblemIndex
from kpmath_builder.curation.repeat import Repeat, RepeatKind

__all__ = ["ProblemIndex", "Repeat", "RepeatKind", "RowRepeats", "compare_rows", "find_repeats"]
