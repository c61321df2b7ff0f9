"""Build a key-point-driven math dataset (KPMath, arXiv 2403.02333) with an open model of your own."""

from kpmath_builder.errors import BuildError, InputError, KpmathError
from kpmath_builder.pipeline import BuildResult, build, rescore
from kpmath_builder.progress import Progress
from kpmath_builder.recipe import Recipe

__all__ = ["BuildError", "BuildResult", "InputError", "KpmathError", "Progress", "Recipe", "build", "rescore"]
