"""Calculator annotations, as GSM8K has them in its solutions."""

import re

__all__ = ["without_annotations"]

_ANNOTATION = re.compile(r"<<[-+*/x×÷().,%$€£\d\s]*=[-.,%$€£/\d\s]*>>")
"""`<<48/2=24>>`; `1 << 3` is none."""


def without_annotations(text: str) -> str:
    """Return a solution without its calculator annotations."""
    return _ANNOTATION.sub("", text) if "<<" in text else text
