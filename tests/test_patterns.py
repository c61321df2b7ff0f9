"""Regular expressions that replies are held to: the package's own, and how llama.cpp is told one."""

import re

import pytest

from kpmath_builder.client.patterns import gbnf
from kpmath_builder.client.probe_requests import PATTERN
from kpmath_builder.errors import InputError
from kpmath_builder.knowledge.key_points import LONGEST, LONGEST_TOPIC
from kpmath_builder.prompts import Prompts
from kpmath_builder.prompts.plain_text import write_text
from kpmath_builder.prompts.replies import ExtractReply, NamedTopic
from kpmath_builder.prompts.reply_reading import read_reply

EXTRACT = Prompts.load().patterns["extract"]


@pytest.mark.parametrize(
    ("pattern", "grammar"),
    [
        ("same|different", '"s" "a" "m" "e" | "d" "i" "f" "f" "e" "r" "e" "n" "t"'),
        (r"- [^\n]{10,200}\n?", r'"-" " " [^\n]{10,200} "\n"?'),
        (r"(a|b){1,3}", r'( "a" | "b" ){1,3}'),
        (r"(?:\d+,)*", r'( [0-9]+ "," )*'),
        (r".\.", r'[^\n] "."'),
        ('"\\\\', r'"\"" "\\"'),
        ("x\ny", r'"x" "\n" "y"'),
        (r"[^a-z\]]", r"[^a-z\]]"),
        (r"\$\.\ ", r'"$" "." " "'),
    ],
)
def test_a_regular_expression_as_a_grammar(pattern: str, grammar: str) -> None:
    assert gbnf(pattern) == f"root ::= {grammar}"


@pytest.mark.parametrize(
    "pattern", ["^a", "a$", "a+?", "a{1,2}{3}", "(?=a)b", r"\w", r"[\d]", "[[:alpha:]]", "{2}", r"a\b"]
)
def test_what_a_grammar_cannot_say_is_refused_with_its_place(pattern: str) -> None:
    with pytest.raises(InputError, match=r"llama.cpp has no counterpart .*structured_outputs = \"none\""):
        gbnf(pattern)


def test_the_package_s_own_expressions_can_be_put_to_every_server() -> None:
    for pattern in (PATTERN, *Prompts.load().patterns.values()):
        assert gbnf(pattern).startswith("root ::= ")


def test_the_extractor_s_expression_allows_the_worked_example() -> None:
    for _, reply in Prompts.load().templates["extract"].examples:
        assert re.fullmatch(EXTRACT, reply)


@pytest.mark.parametrize("topics", [1, 3])
@pytest.mark.parametrize("points", [1, 3])
def test_what_the_extractor_may_say_is_read_back(topics: int, points: int) -> None:
    """Up to three topics of three key points with LaTeX, as the prompt asks for."""
    said = ExtractReply(
        topics=tuple(
            NamedTopic(
                topic=f"Algebra - Part {n}",
                key_points=tuple(rf"Rule {n}.{m}: $\frac{{a}}{{b}} = c$" for m in range(points)),
            )
            for n in range(topics)
        )
    )
    text = write_text(said)
    assert re.fullmatch(EXTRACT, text)
    assert read_reply(text, ExtractReply).value == said


@pytest.mark.parametrize(
    "text",
    [
        "Here are the topics:\nTopic: Algebra - Sums\n- A sum has two terms",
        "Topic: Algebra - Sums\n" + "- A sum has two terms\n" * 4,
        "Topic: Algebra - Sums\n- A sum\n" + "a" * 300,
        "Topic: Algebra - Sums",
        "",
        "Topic: Algebra - Sums\n- A sum has two terms" + "\n- Next" * 3,
    ],
)
def test_prose_and_lists_without_end_are_not_allowed(text: str) -> None:
    assert not re.fullmatch(EXTRACT, text)


def test_what_reaches_the_bound_is_not_taken_for_whole() -> None:
    """A line that the expression has ended could go on: the bounds of the expression are those of the check."""
    assert re.fullmatch(EXTRACT, f"Topic: {'t' * LONGEST_TOPIC}\n- {'p' * LONGEST}")
    assert not re.fullmatch(EXTRACT, f"Topic: {'t' * (LONGEST_TOPIC + 1)}\n- {'p' * LONGEST}")
    assert not re.fullmatch(EXTRACT, f"Topic: {'t' * LONGEST_TOPIC}\n- {'p' * (LONGEST + 1)}")
