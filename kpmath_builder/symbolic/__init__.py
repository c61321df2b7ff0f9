"""The symbolic teacher: real, new problems from annotated seeds, by rules and exact arithmetic, without any model."""

from kpmath_builder.symbolic.teacher import SymbolicTeacher, make_teacher

__all__ = ["SymbolicTeacher", "make_teacher"]
