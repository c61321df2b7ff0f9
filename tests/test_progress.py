"""What a build reports reads as a line."""

from kpmath_builder.funnel import Funnel
from kpmath_builder.progress import Progress
from kpmath_builder.records import Tokens


def test_a_moment_of_a_build_prints_as_one_line() -> None:
    spent = Tokens(requests=3, prompt=1200, completion=300)
    moment = Progress("synthesis", 7, 40, 2, 12.4, spent, Funnel(), engine="3 running", note="Waiting.")
    assert str(moment) == "synthesis 7/40  12 s  1,500 tokens  3 running  Waiting."


def test_what_is_not_known_is_left_out() -> None:
    assert str(Progress("seeds", 0, 0, 0, 0.0, Tokens(), Funnel())) == "seeds  0 s"
