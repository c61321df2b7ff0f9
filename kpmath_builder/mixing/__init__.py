"""KPMath-Plus: our builds mixed with existing sets, as a fourth config of the dataset."""

from kpmath_builder.mixing.mix import Mixed, mix
from kpmath_builder.mixing.recipe import MixRecipe

__all__ = ["MixRecipe", "Mixed", "mix"]
