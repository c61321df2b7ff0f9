"""Texts of seeds and rows: hidden characters, instructions, and what has another length, alphabet or repetition than the rest."""

import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Sequence
from heapq import heappush, heappushpop

import numpy as np

from kpmath_builder.auditing.characters import CharacterFault, character_faults, script_of
from kpmath_builder.auditing.check import AuditedRow, AuditedSeed, Hits, RiskCheck
from kpmath_builder.auditing.instructions import instructions_in
from kpmath_builder.auditing.report import ROWS_NAMED, AuditFinding, CheckResult, Figures, Risk, Severity

__all__ = ["MIXED", "HiddenText", "Outliers"]

_SEVERITIES = {
    CharacterFault.BIDIRECTIONAL: Severity.CRITICAL,
    CharacterFault.TAG: Severity.CRITICAL,
    CharacterFault.INVISIBLE: Severity.WARNING,
    CharacterFault.MIXED: Severity.WARNING,
    CharacterFault.PRIVATE: Severity.NOTICE,
    CharacterFault.MATHEMATICAL: Severity.INFO,
}
_SEEDS, _PUBLISHED, _DROPPED = "seed problems", "published rows", "other candidates"
MIXED = "rows of plus"
"""How the rows of a mix are called."""
_CHARACTER_ADVICE = {
    _SEEDS: "Clean the seed file (`str.replace`, or Unicode normalisation), or leave these problems out, and build in a new folder.",
    _PUBLISHED: "Look at the rows with `kpmath explain`: a character that came from a seed goes with the seed.",
    _DROPPED: "They are not in qa-pairs, but in scored: look at some with `kpmath explain`.",
    MIXED: "Clean the source that the id names, or leave it out, and mix again.",
}
_INSTRUCTION_ADVICE = {
    _SEEDS: "Read the problem. If it is no mathematics, take it out of the seeds and build in a new folder: its key points were drawn from.",
    _PUBLISHED: "Read the rows with `kpmath explain`. What a seed brought in goes with the seed; what the model wrote of itself is dropped by hand.",
    _DROPPED: "They are not in qa-pairs, but in scored: read some with `kpmath explain`, and look at their seeds.",
    MIXED: "Read the rows. Take what is no mathematics out of the source that the id names, or leave the source out, and mix again.",
}


class HiddenText(RiskCheck):
    """Characters that nobody sees, letters that pass for others, and instructions to a model.

    Parameters
    ----------
    published
        What published rows are called.
    """

    def __init__(self, published: str = _PUBLISHED) -> None:
        self._published = published
        self._characters: dict[tuple[str, CharacterFault], Hits] = defaultdict(Hits)
        self._instructions: dict[str, Hits] = defaultdict(Hits)

    def seed(self, seed: AuditedSeed) -> None:
        """Look at problem, solution and topics."""
        self._look(
            _SEEDS,
            seed.record.id,
            [seed.record.problem, seed.record.solution, seed.record.answer, *seed.topics],
        )

    def row(self, row: AuditedRow) -> None:
        """Look at the question, the solutions with their answers and what was thought before, the key points, and what else the row says."""
        points = [point for part in row.values["key_points"] for point in part["key_points"]]
        solutions = [solution["text"] for solution in row.solutions]
        solutions += [solution["thinking"] for solution in row.solutions if solution.get("thinking")]
        answers = {solution["answer"] or "": None for solution in row.solutions}
        texts = [row.question, *solutions, *answers, *points, *row.values.get("others", ())]
        self._look(self._published if row.published else _DROPPED, row.id, texts)

    def _look(self, where: str, name: str, texts: Sequence[str]) -> None:
        faults: dict[CharacterFault, str] = {}
        passages: dict[str, None] = {}
        for text in texts:
            for fault, what in character_faults(text):
                faults.setdefault(fault, what)
            for kind, passage in instructions_in(text):
                passages[f"{kind}: “{passage}”"] = None
        for fault, what in faults.items():
            self._characters[where, fault].add(name, what)
        if passages:
            self._instructions[where].add(name, next(iter(passages)))

    def part(self) -> CheckResult:
        """Return findings by place and kind."""
        findings: list[AuditFinding] = []
        for (where, fault), hits in sorted(self._characters.items()):
            severity = min(_SEVERITIES[fault], Severity.WARNING) if where == _DROPPED else _SEVERITIES[fault]
            sentence = f"{where.capitalize()} with {fault.value}: {{count}}, e.g. {{example}}."
            name = f"{fault.value.replace(' ', '-')}"
            findings += hits.finding(name, Risk.ROBUSTNESS, severity, sentence, _CHARACTER_ADVICE[where])
        for where, hits in sorted(self._instructions.items()):
            severity = Severity.WARNING if where == _DROPPED else Severity.CRITICAL
            sentence = f"{where.capitalize()} with words that speak to a model: {{count}}, e.g. {{example}}."
            findings += hits.finding(
                "instruction", Risk.ROBUSTNESS, severity, sentence, _INSTRUCTION_ADVICE[where]
            )
        return CheckResult((), tuple(findings))


_FAR = 6.0
"""Median absolute deviations (scaled to standard deviations) of the logarithm of the length that make an outlier."""
_LEAST_SPREAD = 0.1
"""The least spread of the logarithms that counts: rows of one template hardly differ."""
_RARE_SCRIPT = 0.01
"""Share of seeds below which a script is a stranger to them."""
_PASSAGE = 6
"""Words of the passage whose repetition is counted."""
_REPEATED = 0.4
"""Share of the words of a text that one repeated passage covers."""
_WORDS_AT_LEAST = 60


class _Lengths:
    """Lengths of one kind of text, and the rows with the longest and the shortest ones."""

    def __init__(self) -> None:
        self.logs = array("f")
        self._longest: list[tuple[float, str]] = []
        self._shortest: list[tuple[float, str]] = []

    def add(self, text: str, name: str) -> None:
        value = float(np.log1p(len(text)))
        self.logs.append(value)
        for heap, key in ((self._longest, value), (self._shortest, -value)):
            (heappush if len(heap) < ROWS_NAMED else heappushpop)(heap, (key, name))

    def outliers(self) -> tuple[int, list[str]]:
        """Return how many texts are far longer or shorter than half of all, and the furthest of them."""
        values = np.frombuffer(self.logs, np.float32)
        middle = float(np.median(values))
        spread = max(1.4826 * float(np.median(np.abs(values - middle))), _LEAST_SPREAD) * _FAR
        count = int((np.abs(values - middle) > spread).sum())
        far = [(key - middle, name) for key, name in self._longest] + [
            (middle + key, name) for key, name in self._shortest
        ]
        return count, [name for distance, name in sorted(far, reverse=True) if distance > spread][:ROWS_NAMED]

    def quantiles(self) -> tuple[int, int, int]:
        """Return the 1st, 50th and 99th percentile of the lengths."""
        low, middle, high = np.expm1(np.percentile(np.frombuffer(self.logs, np.float32), [1, 50, 99]))
        return round(float(low)), round(float(middle)), round(float(high))


class Outliers(RiskCheck):
    """Rows of another length, alphabet or repetition than the others; without seeds the rows themselves say which alphabets are usual.

    Parameters
    ----------
    whose
        What follows "questions" and "solutions" in the report, e.g. " of plus".
    """

    def __init__(self, whose: str = "") -> None:
        self._whose = whose
        self._lengths: dict[str, _Lengths] = defaultdict(_Lengths)
        self._scripts: Counter[str] = Counter()
        self._seeds = self._rows = 0
        self._strange: dict[str, Hits] = defaultdict(Hits)
        self._repeated = Hits()

    def seed(self, seed: AuditedSeed) -> None:
        """Learn the lengths and scripts of the seeds."""
        self._seeds += 1
        self._lengths["seed problems"].add(seed.record.problem, seed.record.id)
        self._scripts.update(_scripts(seed.record.problem + seed.record.solution))

    def row(self, row: AuditedRow) -> None:
        """Look at the question and its first agreed solution."""
        if not row.published:
            return
        self._rows += 1
        solution = row.solution["text"] if row.solution else ""
        self._lengths[f"questions{self._whose}"].add(row.question, row.id)
        self._lengths[f"solutions{self._whose}"].add(solution, row.id)
        for script in _scripts(row.question + solution):
            self._strange[script].add(row.id)
        passage = _most_repeated(row.question) or _most_repeated(solution)
        if passage:
            self._repeated.add(row.id, f"“{passage}”")

    def part(self) -> CheckResult:
        """Return lengths, and the rows that stand out."""
        findings: list[AuditFinding] = []
        for what, lengths in self._lengths.items():
            count, ids = lengths.outliers()
            if count:
                sentence = f"{what.capitalize()} far longer or shorter than the others (over {_FAR:g} robust standard deviations of log length): {count:,}."
                advice = "Look at them with `kpmath explain`: a cut-off reply, a list of problems, or something planted."
                findings.append(
                    AuditFinding(
                        "length", Risk.ROBUSTNESS, Severity.NOTICE, count, sentence, advice, tuple(ids)
                    )
                )
        base = "seeds" if self._seeds else "rows"
        for script, hits in sorted(self._strange.items()):
            if not self._is_rare(script):
                continue
            sentence = (
                f"Published rows{self._whose} with letters of a script that under {_RARE_SCRIPT:.0%} of the {base} use "
                f"({script.capitalize()}): {{count}}."
            )
            findings += hits.finding(
                "alphabet",
                Risk.ROBUSTNESS,
                Severity.NOTICE,
                sentence,
                "Look at them: another language, or letters that pass for others.",
            )
        findings += self._repeated.finding(
            "repetition",
            Risk.ROBUSTNESS,
            Severity.NOTICE,
            f"Published rows{self._whose} in which one passage fills most of a text: {{count}}, e.g. {{example}}.",
            "Look at them: a reply that ran in a loop, or a phrase that was planted many times.",
        )
        rows = tuple((what, len(its.logs), *its.quantiles()) for what, its in self._lengths.items())
        columns = ("texts", "count", "1st percentile", "median", "99th percentile")
        name = f"lengths{self._whose.replace(' ', '-')}"
        figures = Figures(name, Risk.ROBUSTNESS, f"Lengths{self._whose} in characters", columns, rows)
        return CheckResult((figures,) if rows else (), tuple(findings))

    def _is_rare(self, script: str) -> bool:
        """Whether a script is a stranger to the seeds or, without them, to the rows."""
        if self._seeds:
            return self._scripts[script] < _RARE_SCRIPT * self._seeds
        return self._strange[script].count < _RARE_SCRIPT * self._rows


def _scripts(text: str) -> set[str]:
    return (
        set() if text.isascii() else {script_of(c) for c in text if not c.isascii()} - {"", "LATIN", "GREEK"}
    )


def _most_repeated(text: str) -> str:
    """Return the passage that covers most of a text by its repetition; "" if none does."""
    words = re.findall(r"\S+", text)
    if len(words) < _WORDS_AT_LEAST:
        return ""
    passages = Counter(tuple(words[at : at + _PASSAGE]) for at in range(len(words) - _PASSAGE + 1))
    passage, count = passages.most_common(1)[0]
    return " ".join(passage) if count * _PASSAGE > _REPEATED * len(words) and count > 2 else ""
