"""The symbolic teacher: real, new problems from annotated seeds, by rules and exact arithmetic, without any model."""

from kpmath_builder.symbolic.teacher import SymbolicTeacher

__all__ = ["SymbolicTeacher"]
