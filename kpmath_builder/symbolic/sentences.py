"""English: a final question turned into the definition of a variable ("Let n be the number of …"), or into what its answer is.

A question is turned only where the grammar is safe; otherwise it is quoted whole, which always reads rightly.
Numbers do not matter here: the texts carry private-use characters in their place (see `passages`).
"""

import re
from functools import lru_cache

from kpmath_builder.symbolic.kinds import COUNTED, MONEY, UNITS
from kpmath_builder.symbolic.verbs import PAST, past, third_person

__all__ = ["answer_stated", "definitions", "split_question"]

_ABBREVIATION = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|St|Prof|Jr|Sr|vs|oz|lbs?|approx|a\.m|p\.m|A\.M|P\.M|No|Mt|U\.S|[A-Z][a-z]+ [A-Z])\.$"
)
_ABBREVIATED = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|Prof|Jr|Sr|Mt)\. ")
_BOUNDARY = re.compile(r"(?<=[.!?])[\"”']?\s+(?=[\"“'$A-Z\d\ue000-\uf8ff]|(?:how|what|if|calculate|find)\b)")
_BARE_IF = re.compile(r"If [^,]+(?:, (?:while|and|but) [^,]+)*\.$")
"""A condition that lacks its main clause."""
_ASKS = re.compile(
    r"\b(?:how (?:many|much|old|long|far|tall|fast|heavy)|what|calculate|find|determine|by how|how)\b",
    re.IGNORECASE,
)
_TWO_QUESTIONS = re.compile(
    r"\b(?:and|or),? (?:how|what|which|who|by how)\b|\brespectively\b|\beach of the\b.*\brespectively",
    re.IGNORECASE,
)
_NOT_A_NUMBER = re.compile(r"^(?:which|who|is|does|did|will|can|are|do|has|would|should)\b", re.IGNORECASE)

_SUBJECT = r"(?P<subject>(?:he|she|it|they|we|you|I|everyone|(?:[A-Z][a-z]+)(?:(?: and|,) [A-Z][a-z]+)?|(?:the|his|her|their|each|both|these|all|a|an|one|my|our|your|\w+'s) (?:\w+ ){0,2}?\w+))"
_MODAL = {"will", "can", "could", "would", "should", "must", "might"}
_PREFIX = re.compile(
    r"^((?:In|After|At|For|On|By|During|Over|With|Within) [^,?]{2,60}), (?=how (?:many|much)|what)",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"^If (?P<condition>[^?]+?), (?:then )?(?=(?:how (?:many|much)|what|calculate|find|determine)\b)(?P<rest>.+)$"
)
_THERE = re.compile(r"^(?:are|is|were|was) there(?P<rest>.*)$")
_PREDICATE = re.compile(
    r"^(?:are|is|were|was) (?:left|in|on|at|from|for|of|not|remaining|still|available|needed|made|sold|eaten|used|required|now)\b"
)
_COUNTED = re.compile(
    r"^(?P<noun>.+?) (?P<rest>(?:do|does|did|will|can|could|would|should|must|might|has|have|had|are|is|were|was)\b.*)$"
)
_MONEY_VERBS = frozenset(
    {
        "cost",
        "pay",
        "spend",
        "earn",
        "make",
        "owe",
        "save",
        "charge",
        "receive",
        "have",
        "need",
        "raise",
        "collect",
        "get",
        "donate",
        "lose",
    }
)


def split_question(text: str) -> tuple[str, str] | None:
    """Split a problem into its statements and its one final question; None where it asks otherwise."""
    breaks = _BOUNDARY.finditer(text)
    starts = [0, *(match.end() for match in breaks if not _ABBREVIATION.search(text[: match.start()]))]
    body, final = text[: starts[-1]].rstrip(), text[starts[-1] :].strip()
    for start in reversed(starts[:-1]):
        end = next((one for one in starts if one > start), len(text))
        if _BARE_IF.match(sentence := text[start:end].rstrip()):
            body = f"{body[:start]}Suppose{sentence[2:]}{body[start + len(sentence) :]}"
    if "?" in body or final.count("?") > 1 or not _ASKS.search(final) or _TWO_QUESTIONS.search(final):
        return None
    if (
        _NOT_A_NUMBER.match(final)
        or final[-1] not in "?."
        or re.search(r"[.!] +[A-Z\d$]", _ABBREVIATED.sub("", final))
    ):
        return None
    if not final.endswith("?") and not re.search(
        r"\b(?:calculate|find|determine|what|how many|how much)\b", final, re.IGNORECASE
    ):
        return None
    return body, final[0].upper() + final[1:]


def definitions(final: str, variable: str, *, kind: str) -> list[str]:
    """Return the ways to define `variable` as the answer to the question `final`, of a `kind`, the best first."""
    if named := _asked_for(final, kind):
        suppose, phrase = named
        return [
            f"{suppose}Let {variable} be {phrase}.",
            f"{suppose}Let {variable} stand for {phrase}.",
            f"{suppose}We write {variable} for {phrase}.",
        ]
    quoted = f"{_question_or_task(final)} “{final.removesuffix('.')}”"
    unit = _unsaid_unit(final, kind)
    return [
        f"Let {variable} be the answer to the {quoted}{unit and f', in {unit}'}.",
        f"The answer to the {quoted}{unit and f', in {unit},'} is a number; call it {variable}.",
    ]


def answer_stated(final: str, *, kind: str) -> tuple[str, tuple[str, ...]]:
    """Return how a text states the answer to the question `final`, of a `kind`, and asks for something else.

    What stands before the answer, and the ways to go on behind it; `{}` in these is what they ask for.
    """
    if named := _asked_for(final, kind):
        suppose, phrase = named
        comma = "," if ", in " in phrase else ""
        verb = "are" if re.search(r"\bwhat (?:are|were)\b", final, re.IGNORECASE) else "is"
        before = f"{suppose}{phrase[0].upper()}{phrase[1:]}{comma} {verb} "
        return before, (". What is {}?", ". What is the value of {}?", ". Find {}.")
    unit = _unsaid_unit(final, kind)
    before = f"{final} If the answer to this {_question_or_task(final)}{unit and f', in {unit},'} is "
    return before, (", what is {}?", ", what is the value of {}?")


def _asked_for(final: str, kind: str) -> tuple[str, str] | None:
    """Return the condition that a question sets, as a sentence, and a phrase for what it asks for; None where that is not safe."""
    condition = _CONDITION.match(final)
    phrase = _noun_phrase(condition["rest"] if condition else final, kind)
    return (f"Suppose {condition['condition']}. " if condition else "", phrase) if phrase else None


def _question_or_task(final: str) -> str:
    return "question" if final.endswith("?") else "task"


def _unsaid_unit(final: str, kind: str) -> str:
    """Return the unit of the answer, unless the question names it or asks for money or a count."""
    words = re.findall(r"[a-z]+", final.lower())
    said = kind in final.lower() or any(UNITS.get(word) in kind.split() for word in words)
    return "" if said or kind in (MONEY, *COUNTED) else kind


def _noun_phrase(question: str, kind: str) -> str | None:
    """Turn a question into the noun phrase that it asks for; None where that is not safe."""
    question = question.strip().rstrip("?.").strip()
    tail = ""
    if prefix := _PREFIX.match(question):
        tail = " " + prefix[1][0].lower() + prefix[1][1:]
        question = question[prefix.end() :]
    lowered = question[0].lower() + question[1:]
    phrase = _how_many(lowered) or _how_much(lowered, money=kind == MONEY) or _what_is(lowered, kind)
    if (
        phrase is None
        or _HALF_A_COMPARISON.search(phrase)
        or re.search(r"[?!;:“”]|, (?:if|given|assuming)|\bif\b", phrase)
    ):
        return None
    return phrase if phrase.endswith(tail) else phrase + tail


_HALF_A_COMPARISON = re.compile(
    r"^(?!.*\b(?:more|less|fewer|additional|longer|taller|older)\b).*\bthan\b|\b(?:farther|further|faster|slower)\b"
    r"|^the number of dollars .*\bin dollars\b"
)
"""What only the whole question says well: "the number of words … than …", "the number of miles farther …"."""


def _how_many(question: str) -> str | None:
    match = re.match(r"^how many (?P<rest>.+)$", question)
    if not match:
        return None
    rest = match["rest"]
    counted = _COUNTED.match(rest)
    if not counted:
        return None
    noun, clause = counted["noun"], counted["rest"]
    if not _countable(noun):
        return None
    number = "the number of"
    if noun.startswith("total "):
        noun, number = noun[6:], "the total number of"
    if noun.startswith(("more ", "additional ", "extra ")) and not _COMPARES.search(clause):
        if not _STILL_TO_COME.search(clause):
            return None  # "How many more marbles does Ann have?" compares
        noun = "additional " + noun.split(" ", 1)[1]
    elif re.match(r"(?:more|fewer|less|of|times|percent)\b", noun):
        return None
    if there := _THERE.match(clause):
        return _there_are(noun, number, there["rest"])
    if _PREDICATE.match(clause):
        return f"{number} {noun} that {clause}"
    said = _statement(clause)
    return None if said is None else f"{number} {noun} {said}"


_COMPARES = re.compile(r"\b(?:than|compared|versus|over|relative)\b")
_STILL_TO_COME = re.compile(r"\b(?:needs?|needed|must|should|left|ha(?:ve|s) to|can|could|will|would)\b")


def _countable(noun: str) -> bool:
    words = noun.split()
    if words[0] in ("in", "of", "on", "at", "by", "from") or words[-1] in ("total", "more", "altogether"):
        return False
    return len(words) <= 5 and not re.search(r"[,.]|\b(?:that|who|which|and|than|each|per|if)\b", noun)


def _there_are(noun: str, number: str, rest: str) -> str | None:
    rest = rest.strip()
    if rest in ("in total", "in all", "altogether", "total"):
        return f"the total number of {noun}"
    if not rest:
        return f"{number} {noun}"
    if re.match(r"(?:in|on|at|left|for|of|per|after|now|with|inside|from)\b", rest):
        return (
            f"{number} {noun} there are {rest}"
            if rest.startswith(("left", "now", "after", "per"))
            else f"{number} {noun} {rest}"
        )
    return None


def _how_much(question: str, *, money: bool) -> str | None:
    took = re.match(
        r"^how (?:long|much time|much longer),? in (?P<unit>hours|minutes|days|weeks|months|years|seconds),? (?P<rest>(?:do|does|did|will|would|should)\b.*)$",
        question,
    )
    if took and (said := _statement(took["rest"])) is not None:
        return f"the number of {took['unit']} {said}" if "longer" not in question else None
    if not money:
        return None
    question = re.sub(r",? in dollars", "", question)
    gained = re.match(
        r"^how much (?:total )?(?P<what>profit|change|interest|tax|rent|income|commission)(?: in total)? (?P<rest>(?:do|does|did|will|can|could|would|should)\b.*)$",
        question,
    )
    if gained and (said := _statement(gained["rest"])) is not None:
        return f"the number of dollars in {gained['what']} {said}"
    match = re.match(
        r"^how much (?:(?:total )?money |in total |total )?(?P<rest>(?:do|does|did|will|can|could|would|should|must|has|have|had)\b.*)$",
        question,
    )
    if not match:
        return None
    said = _statement(match["rest"], only=_MONEY_VERBS)
    if said is None or re.search(r"\b(?:more|less|per|each|every|percent|weigh)\b", said):
        return None
    return f"the number of dollars {said}"


def _what_is(question: str, kind: str) -> str | None:
    """Return the noun phrase with its unit, which a bare number would lack."""
    match = re.match(
        r"^(?:what(?:'s| is| was| are| were| will be| would be)|calculate|find|determine) (?P<noun>(?:the|his|her|their|its|[A-Z]\w+'s) .+)$",
        question,
    )
    if not match or re.search(
        r"\b(?:percent\w*|fraction|ratio|probability|chance|date|day|name|odds)\b|, in", match["noun"]
    ):
        return None
    if re.search(r"\b(?:is|are|was|were|did|does|do|if|each)\b", match["noun"]):
        return None
    unit = "dollars" if kind == MONEY else kind
    if re.search(r"\bnumber\b", match["noun"]) or any(
        UNITS.get(word) == unit for word in match["noun"].split()
    ):
        return str(match["noun"])
    if not unit or unit in COUNTED:
        return None
    named = re.search(rf"\b{unit}\b", match["noun"])
    return str(match["noun"]) + ("" if named else f", in {unit}")


@lru_cache(maxsize=4096)
def _statement(clause: str, only: frozenset[str] | None = None) -> str | None:
    """Put the subject before its verb: `did she sell in May` becomes `she sold in May`."""
    auxiliary, _, rest = clause.partition(" ")
    if auxiliary in ("has", "have", "had", "are", "is", "were", "was"):
        return _with_participle(auxiliary, rest)
    words = rest.split(" ")
    for place in range(1, min(6, len(words))):
        verb = re.sub(r"\W", "", words[place])
        if verb in PAST and _is_subject(" ".join(words[:place])):
            if only is not None and verb not in only:
                return None
            subject, stop = " ".join(words[:place]), words[place][len(verb) :]
            after = " ".join(words[place + 1 :])
            return f"{subject} {_inflected(auxiliary, verb)}{stop} {after}".strip()
    return None


def _inflected(auxiliary: str, verb: str) -> str:
    if auxiliary == "did":
        return past(verb)
    if auxiliary == "does":
        return third_person(verb)
    return verb if auxiliary == "do" else f"{auxiliary} {verb}"


def _is_subject(text: str) -> bool:
    return re.fullmatch(_SUBJECT, text) is not None


def _with_participle(auxiliary: str, rest: str) -> str | None:
    """`has she read so far` becomes `she has read so far`; only for one-word subjects."""
    match = re.match(
        r"^(?P<subject>he|she|it|they|we|you|I|[A-Z][a-z]+) (?P<rest>\w+(?:ed|en|ing|ad|old|ade|ft|nt|ought|one|eft)\b.*)$",
        rest,
    )
    return f"{match['subject']} {auxiliary} {match['rest']}" if match else None
