"""The command `kpmath`: each command is a few lines that call the library."""

from kpmath_builder.cli import building, evaluating, looking, mixing, sharing
from kpmath_builder.cli.application import app, main

__all__ = ["app", "building", "evaluating", "looking", "main", "mixing", "sharing"]
