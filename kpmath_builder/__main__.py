"""`python -m kpmath_builder` is the command `kpmath`."""

from kpmath_builder.cli import main

main()
