"""How much of planted contamination is found, and what is found that was not planted.

    python benchmarks/contamination.py ../shared/data [--rows 50000] [--datatrove PYTHON] [--ids]

1,000 test problems of GSM8K and MATH are changed in eight ways and put among rows of other sets; beside `ProblemIndex` stand a plain
13-gram over lower-cased words and, with the Python of an environment that has datatrove, its n-gram decontamination. No text is printed.
"""

import argparse
import json
import random
import re
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from planted import KINDS, Planted, background, other_problems, planted, rows, tests, trains

from kpmath_builder.curation import ProblemIndex, Repeat, RepeatKind

SEED = 15
EQUAL = {RepeatKind.VERBATIM, RepeatKind.REFORMATTED}
CLASSES = {"numbers changed": {RepeatKind.RENUMBERED}, "names changed": {RepeatKind.RENAMED}}
"""What a changed problem of each kind must be found as; one of the other kinds as verbatim or reformatted."""


def main() -> None:
    """Print the tables of docs/benchmarks.md."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--datatrove", help="the Python of an environment that has datatrove and spacy")
    parser.add_argument(
        "--ids",
        action="store_true",
        help="print the ids of what is missed, and of what is found beyond known overlaps",
    )
    options = parser.parse_args()
    draw = random.Random(SEED)
    known = tests(options.data)
    made = list(planted(known, 1_000, 100, draw))
    others = background(options.data, options.rows - len(made), draw)
    texts = [one.text for one in made] + [text for _, text in others]

    index = ProblemIndex(known)
    start = time.process_time()
    ours = [index.find(text) for text in texts]
    seconds = time.process_time() - start
    checks: dict[str, set[int]] = {"13-gram": _thirteen_grams(known, texts)}
    timing = f"{len(texts):,} rows of {sum(map(len, texts)) / len(texts):.0f} characters on average: ours {seconds:.0f} s of processor time"
    if options.datatrove:
        found, their_seconds = _datatrove(options.datatrove, known, texts)
        checks["datatrove"] = found
        timing += f", datatrove {their_seconds:.0f} s"
    print(timing)
    _recall(made, ours, checks, show=options.ids)
    _inside(made, index, options.data)
    _false_alarms(options.data, index, known, options.datatrove, show=options.ids)
    _other_meanings(index, known)
    _gsm_hard(options.data, index)


def _recall(
    made: Sequence[Planted], ours: Sequence[Repeat | None], checks: Mapping[str, set[int]], *, show: bool
) -> None:
    print("\n| planted | problems | found | in its class | " + " | ".join(checks) + " |")
    print("|---|---|---|---|" + "---|" * len(checks))
    groups: list[tuple[str, Callable[[Planted], bool]]] = [
        (kind, lambda one, kind=kind: one.kind == kind) for kind in reversed(KINDS)
    ]
    groups.append(("all of under 13 words", lambda one: one.short))
    for name, belongs in groups:
        places = [place for place, one in enumerate(made) if belongs(one)]
        found = [place for place in places if ours[place]]
        right = [place for place in found if ours[place].kind in CLASSES.get(made[place].kind, EQUAL)]
        shares = [
            len(found),
            len(right),
            *(sum(place in hits for place in places) for hits in checks.values()),
        ]
        print(
            f"| {name} | {len(places)} | "
            + " | ".join(f"{share / len(places):.1%}" for share in shares)
            + " |"
        )
        if show:
            print(
                [
                    (made[place].source, ours[place] and ours[place].kind.value)
                    for place in places
                    if place not in right
                ]
            )


def _inside(made: Sequence[Planted], index: ProblemIndex, data: Path) -> None:
    """Print how many of the equal kinds are found before a solution and behind an instruction."""
    draw = random.Random(SEED)
    solutions = [solution for _, _, solution in trains(data)]
    chosen = [one for one in made if one.kind not in CLASSES]
    for name, belongs in (("13 words or more", False), ("fewer", True)):
        texts = [
            f"Solve the following problem.\n\n{one.text}\n\n{draw.choice(solutions)}"
            for one in chosen
            if one.short is belongs
        ]
        found = [repeat.kind for text in texts if (repeat := index.find(text))]
        equal = sum(kind in EQUAL for kind in found)
        print(
            f"\nInside a longer row, {name}: {len(found)} of {len(texts)} ({len(found) / len(texts):.1%}), {equal} of them as equal"
        )


def _false_alarms(
    data: Path, index: ProblemIndex, known: list[tuple[str, str]], python: str | None, *, show: bool
) -> None:
    overlaps = rows(data / "contamination/known_overlaps.jsonl")
    rows_known = {pair["left"] for pair in overlaps}
    problems = [(name, problem) for name, problem, _ in trains(data)]
    checks = {"ours": [index.find(problem) for _, problem in problems]}
    theirs = _datatrove(python, known, [text for _, text in problems])[0] if python else set()
    print(
        "\n| train set | rows | kind | found | of them known to share a 13-gram | beyond | share |\n|---|---|---|---|---|---|---|"
    )
    for train in ("gsm8k/", "math/"):
        places = [place for place, (name, _) in enumerate(problems) if name.startswith(train)]
        kinds = Counter(
            (found.kind.value, problems[place][0] in rows_known)
            for place in places
            if (found := checks["ours"][place])
        )
        for kind in RepeatKind:
            inside, beyond = kinds[kind.value, True], kinds[kind.value, False]
            if inside + beyond:
                print(
                    f"| {train} | {len(places):,} | {kind.value} | {inside + beyond} | {inside} | {beyond} | {beyond / len(places):.2%} |"
                )
        hits = [problems[place][0] in rows_known for place in places if place in theirs]
        if python:
            print(
                f"| {train} | {len(places):,} | datatrove | {len(hits)} | {sum(hits)} | {len(hits) - sum(hits)} | {(len(hits) - sum(hits)) / len(places):.2%} |"
            )
        if show:
            beyond_known = [
                (problems[place][0], found.kind.value, found.of)
                for place in places
                if (found := checks["ours"][place]) and problems[place][0] not in rows_known
            ]
            print(beyond_known)
    exact = [
        pair
        for pair in overlaps
        if pair["exact_but_for_spacing_and_punctuation"] and pair["left"].startswith("math/train")
    ]
    by_name = dict(zip([name for name, _ in problems], checks["ours"], strict=True))
    agreed = [
        pair
        for pair in exact
        if (found := by_name[pair["left"]]) and found.kind in EQUAL and found.of == pair["right"]
    ]
    only_words = [
        pair
        for pair in overlaps
        if pair["exact_words_only"]
        and not pair["exact_but_for_spacing_and_punctuation"]
        and pair["left"].startswith("math/train")
    ]
    united = [
        pair
        for pair in only_words
        if (found := by_name[pair["left"]]) and found.kind in EQUAL and found.of == pair["right"]
    ]
    print(
        f"\nMATH train and test, known to be equal but for spacing and punctuation: {len(agreed)} of {len(exact)} pairs found as equal;"
    )
    print(
        f"known to have the same words and another sign: {len(united)} of {len(only_words)} pairs found as equal"
    )


def _other_meanings(index: ProblemIndex, known: list[tuple[str, str]]) -> None:
    texts = dict(known)
    changed = [(name, text) for name, text in other_problems(known) if text not in texts.values()]
    found = [(name, index.find(text)) for name, text in changed]
    kinds = Counter(repeat.kind.value for name, repeat in found if repeat and repeat.of == name)
    print(
        f"\nOne sign, operator, relation or word of quantity changed: {len(changed):,} problems; found as the original: {dict(kinds)}"
    )


def _gsm_hard(data: Path, index: ProblemIndex) -> None:
    found = [index.find(row["input"]) for row in rows(data / "eval/gsm_hard.jsonl")]
    kinds = Counter(repeat.kind.value if repeat else "not found" for repeat in found)
    print(f"\nGSM-Hard against GSM8K test: {dict(kinds.most_common())}")


def _thirteen_grams(known: Iterable[tuple[str, str]], texts: Sequence[str]) -> set[int]:
    def runs(text: str) -> set[tuple[str, ...]]:
        words = re.findall(r"\w+", text.lower())
        return set(zip(*(words[place:] for place in range(13)), strict=False))

    wanted = set().union(*(runs(text) for _, text in known))
    return {place for place, text in enumerate(texts) if not wanted.isdisjoint(runs(text))}


def _datatrove(python: str, known: Iterable[tuple[str, str]], texts: Sequence[str]) -> tuple[set[int], float]:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("tests", "rows", "found")]
        for path, lines in zip(paths, ([text for _, text in known], texts), strict=False):
            path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        script = Path(__file__).with_name("datatrove_ngrams.py")
        subprocess.run([python, script, *paths], check=True, capture_output=True)
        found = json.loads(paths[2].read_text())
    return set(found["rows"]), found["seconds"]


if __name__ == "__main__":
    main()
