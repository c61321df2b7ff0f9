"""Seed problems: GSM8K, MATH or a user's own, from a file, from the Hub, or the set that is bundled with the package."""

from kpmath_builder.seeds.collection import SeedSet, hash_of_problem, hash_of_set, load_seeds

__all__ = ["SeedSet", "hash_of_problem", "hash_of_set", "load_seeds"]
