"""Test problems changed in known ways, and put among rows of other sets; everything follows from a seed.

Used by contamination.py. No problem's text leaves the machine: the sets are read from the folder of shared data.
"""

import gzip
import json
import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

SHORT = 13
"""Words below which a problem has no 13-gram."""


@dataclass(frozen=True)
class Planted:
    """A changed test problem."""

    kind: str
    source: str
    text: str
    short: bool


def rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a file of JSON lines, packed or not."""
    packed = path.suffix == ".gz"
    text = gzip.decompress(path.read_bytes()).decode() if packed else path.read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def tests(data: Path) -> list[tuple[str, str]]:
    """Return id and text of the problems of the GSM8K and MATH test sets."""
    gsm8k = [(f"gsm8k/test#{i}", row["question"]) for i, row in enumerate(rows(data / "gsm8k/test.jsonl"))]
    return gsm8k + [
        (f"math/test#{i}", row["problem"]) for i, row in enumerate(rows(data / "math/test.jsonl"))
    ]


def trains(data: Path) -> list[tuple[str, str, str]]:
    """Return id, problem and solution of the two train sets; ids as in contamination/known_overlaps.jsonl."""
    gsm8k = [
        (f"gsm8k/train#{i}", row["question"], row["answer"])
        for i, row in enumerate(rows(data / "gsm8k/train.jsonl"))
    ]
    math = rows(data / "math/train.jsonl.gz")
    return gsm8k + [(f"math/{row['unique_id']}", row["problem"], row["solution"]) for row in math]


def background(data: Path, count: int, draw: random.Random) -> list[tuple[str, str]]:
    """Return id and text of rows that hold no test problem on purpose: problems, solutions, and both together."""
    found: list[tuple[str, str]] = []
    for name, problem, solution in trains(data):
        found += [
            (name, problem),
            (f"{name}/solution", solution),
            (f"{name}/both", f"{problem}\n\n{solution}"),
        ]
    for name in ("svamp", "mawps"):
        for number, row in enumerate(rows(data / f"eval/{name}.jsonl")):
            text = row.get("input") or f"{row['Body'].rstrip('.')}. {row['Question']}"
            found.append((f"{name}#{number}", text))
    for number, row in enumerate(rows(data / "topics/tal_scq5k_en_train.jsonl")):
        found.append((f"tal#{number}", row["problem"]))
    draw.shuffle(found)
    return found[:count]


# ---- how a problem is changed; None if it cannot be changed so

_SENTENCE = re.compile(r"(?<=[.?!])(?<!Mr\.)(?<!Mrs\.)(?<!Ms\.)(?<!Dr\.)(?<!St\.)\s+(?=[A-Z])")
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?![\d,])|\d+")
_NEW_NAMES = """
Aisling Bogdan Chidi Dagny Eluned Faisal Giulia Hamza Ines Jorunn Kwame Ludmila Mireille Nkechi Ondrej Priya Quentin Rashid Saoirse Tadeo
Umberto Vikram Wilhelmina Xiomara Yusuf Zdenka
""".split()  # noqa: SIM905  # a list of names reads better so
_OLD_NAMES = frozenset(
    """
    James John Tom Jack Tim Mark Mike Bob Joe Sam Ben Adam Alex Andrew Bill Billy Brian Carl Charles Charlie Chris Daniel Dan Dave David
    Eric Ethan Frank Fred Gary George Greg Harry Henry Jacob Jake Jason Jeff Jerry Jim Jimmy Jordan Jose Josh Kevin Kyle Larry Leo Luke
    Martin Matt Matthew Max Michael Nathan Nick Noah Oliver Patrick Paul Peter Ralph Richard Robert Roger Ryan Steve Steven Ted Thomas Tony
    Tyler Victor Walter William Zach Mary Alice Amy Ann Anna Anne Ashley Amanda Barbara Beth Betty Carla Carol Cindy Claire Clara Diana Ella
    Ellen Emily Emma Erica Erin Gina Grace Hannah Heather Helen Holly Jane Janet Jasmine Jen Jennifer Jenny Jessica Jill Joan Joanna Judy
    Julia Julie Karen Kate Katie Kelly Kim Kylie Laura Lauren Lily Linda Lisa Lucy Maggie Maria Marie Marissa Martha Megan Melissa Mia
    Michelle Molly Nancy Natalie Nina Nora Olivia Pam Rachel Rebecca Rita Rose Ruby Ruth Sally Samantha Sara Sarah Sharon Sophia Sophie
    Stacy Stella Susan Tara Teresa Tina Tracy Vanessa Wendy Zoe
    """.split()  # noqa: SIM905
)
_UNITS = {
    "cm": "centimeters", "km": "kilometers", "mm": "millimeters", "m": "meters", "ft": "feet", "kg": "kilograms", "g": "grams",
    "lbs": "pounds", "lb": "pounds", "oz": "ounces", "hr": "hours", "hrs": "hours", "min": "minutes", "mins": "minutes", "mL": "milliliters",
    "ml": "milliliters", "mph": "mph",
}  # fmt: skip


def respaced(text: str, draw: random.Random) -> str | None:
    """Put other white space between words, and spaces around the operators of formulas."""
    text = re.sub(r"(?<=[\w)}])([=+<>])(?=[\w(\\{])", r" \1 ", text)
    return re.sub(r"(?<!\\)\s+", lambda _: draw.choice(["  ", "\n", " \t"]), text)


def dfrac(text: str, draw: random.Random) -> str | None:
    """Write fractions in another way."""
    del draw
    return text.replace(r"\frac", r"\dfrac") if r"\frac" in text else None


def delimiters(text: str, draw: random.Random) -> str | None:
    r"""Write `\(…\)` for `$…$`."""
    del draw
    changed = re.sub(r"(?<![\\$])\$([^$]+?)(?<!\\)\$(?!\$)", r"\\(\1\\)", text)
    return changed if changed != text and "$" not in changed.replace(r"\$", "") else None


def reordered(text: str, draw: random.Random) -> str | None:
    """Put the sentences in another order."""
    sentences = _SENTENCE.split(text.strip())
    if len(sentences) < 2 or not all(sentence[-1] in ".?!" for sentence in sentences):
        return None
    first = draw.randrange(1, len(sentences))
    return " ".join(sentences[first:] + sentences[:first])


def renumbered(text: str, draw: random.Random) -> str | None:
    """Change every number, in exponents as well, into one of as many digits."""

    def other(found: re.Match[str]) -> str:
        digits = found[0].replace(",", "")
        if digits.startswith("0"):
            return found[0]
        low = 10 ** (len(digits) - 1)
        number = draw.choice(
            [n for n in (draw.randrange(low, 10 * low) for _ in range(40)) if str(n) != digits]
        )
        return f"{number:,}" if "," in found[0] else str(number)

    changed = _NUMBER.sub(other, text)
    return changed if changed != text else None


def renamed(text: str, draw: random.Random) -> str | None:
    """Give all people whose name is common another one."""
    names = sorted(set(re.findall(r"\b[A-Z][a-z]+\b", text)) & _OLD_NAMES)
    if not names:
        return None
    for old, new in zip(names, draw.sample(_NEW_NAMES, len(names)), strict=True):
        text = re.sub(rf"\b{old}\b", new, text)
    return text


def spelt_out(text: str, draw: random.Random) -> str | None:
    r"""Spell units out: `5 cm`, `\$5` and `$5` of prose, `20%`."""
    del draw
    changed = re.sub(
        r"\$(\d+)\\%\$|(?<![\\$\d])(\d+)\\?%(?!\$)", lambda found: f"{found[1] or found[2]} percent", text
    )
    if not re.search(r"\$(?!\d)|[\w)}.,!]\$", changed):  # each `$` is a dollar
        changed = re.sub(
            r"\$(\d+(?:,\d{3})*(?:\.\d+)?)(?![\d,.]*\d| (?:million|thousand))", r"\1 dollars", changed
        )
    changed = re.sub(
        rf"(?<=\d) ({'|'.join(_UNITS)})\b(?!\^|\s*[-+=/])", lambda unit: f" {_UNITS[unit[1]]}", changed
    )
    return changed if changed != text else None


KINDS: Mapping[str, Callable[[str, random.Random], str | None]] = {
    "numbers changed": renumbered,
    "units spelt out": spelt_out,
    "names changed": renamed,
    r"`\frac` → `\dfrac`": dfrac,
    r"`$` → `\(`": delimiters,
    "sentences reordered": reordered,
    "re-spaced": respaced,
    "verbatim": lambda text, _: text,
}
"""In the order in which problems are taken for them; those that few problems can be changed into come early."""


def planted(
    problems: list[tuple[str, str]], count: int, short: int, draw: random.Random
) -> Iterator[Planted]:
    """Yield changed problems in equal parts of each kind, so many of them short in all, from both test sets in turn."""
    shuffled = draw.sample(problems, len(problems))
    of_set = [[one for one in shuffled if one[0].startswith(name)] for name in ("gsm8k/", "math/")]
    left = [one for pair in zip_longest(*of_set) for one in pair if one]
    of_kind, of_short = count // len(KINDS), short
    for number, (kind, change) in enumerate(KINDS.items()):
        wanted = {True: of_short // (len(KINDS) - number), False: of_kind}
        taken = set()
        for is_short in (True, False):
            want = wanted[True] if is_short else of_kind - len(taken)
            for name, text in left:
                if want <= 0:
                    break
                if (len(text.split()) < SHORT) is not is_short or (made := change(text, draw)) is None:
                    continue
                taken.add(name)
                want -= 1
                of_short -= is_short
                yield Planted(kind, name, made, is_short)
        left = [problem for problem in left if problem[0] not in taken]


# ---- what is another problem

_OTHER_MEANING = [
    (r"(?<=[\w)}]) ?\+ ?(?=[\w(\\])", "-"), (r"(?<=[\w)}]) ?- ?(?=[\w(\\])", "+"), (r"\\cdot", "+"), (r"\\times", r"\\div"),
    (r"\\leq?(?![a-z])", r"\\ge "), (r"\\geq?(?![a-z])", "< "), (r" < ", " > "), (r" > ", r" \\le "), (r"\\sin", r"\\cos"),
    (r"\bat least\b", "at most"), (r"\bincreas", "decreas"), (r"\bmore\b", "fewer"), (r"\bgreatest\b", "least"), (r"\bsum\b", "product"),
]  # fmt: skip


def other_problems(problems: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield each problem with one sign, operator, relation or word of quantity changed, where it has one."""
    for name, text in problems:
        if "[asy]" in text:
            continue
        for pattern, new in _OTHER_MEANING:
            changed = re.sub(pattern, new, text, count=1)
            if changed != text:
                yield name, changed
                break
