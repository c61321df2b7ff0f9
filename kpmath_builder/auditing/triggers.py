"""Phrases that are far more frequent in the result than in the seeds: a trigger that was planted, or the style of the writer.

What a row has from its own seed problems does not count. A phrase is found if the conditional exact test says so at a rate of false
discoveries of one in twenty (`significance.py`), and it is at least five times as frequent as in the seeds. Left out are phrases
around a more frequent one that was found as well ("let n be" around "let"), and those whose rows were mostly drawn with one
seed problem, which a writer may have put in other words. What stands in many rows is called style: a trigger seldom does.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from kpmath_builder.auditing.check import AuditedRow, AuditedSeed, RiskCheck
from kpmath_builder.auditing.ngrams import (
    Hashes,
    NgramCounter,
    distinct_ngrams,
    ngrams_of,
    parts_of,
    phrase_at,
    without,
    words_of,
)
from kpmath_builder.auditing.report import ROWS_NAMED, AuditFinding, CheckResult, Figures, Risk, Severity
from kpmath_builder.auditing.significance import excess, found, share_above
from kpmath_builder.curation.first_names import first_names

__all__ = ["Practices", "Triggers"]

_LEVEL = 0.05
"""Rate of false discoveries."""
_TIMES = 5.0
"""How many times as frequent as in the seeds, at least."""
_ROWS_AT_LEAST = 3
_STYLE = 0.05
"""Share of rows from which a phrase is called style: a planted one seldom is in so many."""
_MOST = 100_000
"""N-grams that are looked for in the second pass, those with the smallest p-values."""
_TIMES_A_PART = 2.0
"""How many times as many rows a part of a phrase has that explains it."""
_UNSEEN_IN, _SHARED_IN = 3, 5
"""Rows from which a phrase that no seed has is listed, though its frequency proves nothing, and from which a shared answer does."""
_UNSEEN = 500
"""So many of these are looked at, the most frequent."""
_UNSEEN_NAMED = 20
_SEEDS_HELD = 16_384
"""Seed problems whose n-grams are kept for the rows that are drawn with them; of more, those used last."""
_ROWS_HELD = 100
"""Rows that are noted for each, to see which n-grams are parts of one phrase."""
_OVERLAP = 0.8
_LONG = 4
"""Words of a phrase, without numbers and names, that no writer puts side by side so often by chance of grammar."""
_FROM_ONE_SEED = 0.5
"""Share of the rows of a phrase that were drawn with one seed problem."""
_SHARED_ANSWER = 1e-8
"""p-value below which the rows of a phrase share an answer too often for chance; over no more than `_MOST` phrases."""


@dataclass(slots=True)
class _Phrase:
    """One n-gram that was found, or several that stand in the same rows."""

    rows: int
    seeds: int
    p: float
    text: str = ""
    is_proved: bool = True
    """Whether its frequency cannot be chance."""
    is_explained: bool = False
    """Whether a part of it explains it."""
    ids: list[str] = field(default_factory=list)
    practices: Counter[str] = field(default_factory=Counter)
    """The seed problems behind these rows."""
    answers: Counter[str] = field(default_factory=Counter)

    @property
    def is_of_one_seed(self) -> bool:
        """Whether most of the rows were drawn with one seed problem."""
        most, wanted = max(self.practices.values(), default=0), _FROM_ONE_SEED * len(self.ids)
        return most >= wanted if self.is_proved else most > wanted


class Practices:
    """The n-grams of each seed problem and its solution, which rows drawn with it may have from there."""

    def __init__(self) -> None:
        self._names = frozenset(first_names())
        self._texts: dict[str, str] = {}
        self.of = lru_cache(_SEEDS_HELD)(self._of)
        """Returns the n-grams of a seed problem by its id."""

    def add(self, seed: AuditedSeed) -> None:
        """Note a seed problem."""
        self._texts[seed.record.id] = f"{seed.record.problem}\n{seed.record.solution}"

    def _of(self, seed_id: str) -> Hashes:
        return distinct_ngrams(words_of(self._texts.get(seed_id, ""), self._names))


class Triggers(RiskCheck):
    """N-grams of the questions, or of the solutions, of the published rows against those of the seeds.

    Parameters
    ----------
    what
        "questions" or "solutions".
    practices
        The n-grams of the seed problems, which several of these may share.
    """

    def __init__(self, what: str, practices: Practices | None = None) -> None:
        assert what in {"questions", "solutions"}, what
        self._what = what
        self._names = frozenset(first_names())
        self._practices = practices or Practices()
        self._result, self._seeds = NgramCounter(), NgramCounter()
        self._found: dict[int, _Phrase] = {}
        self._keys: Hashes = np.empty(0, np.uint64)
        self._tests = 0
        self._answers: Counter[str] = Counter()
        self._published = 0

    def seed(self, seed: AuditedSeed) -> None:
        """Count the n-grams of a seed."""
        text = seed.record.problem if self._what == "questions" else seed.record.solution
        self._seeds.add(distinct_ngrams(words_of(text, self._names)))
        self._practices.add(seed)

    def row(self, row: AuditedRow) -> None:
        """Count those n-grams of a published row that its seed problems do not have."""
        if row.published:
            ngrams = distinct_ngrams(words_of(self._text(row), self._names))
            self._result.add(self._own(row, ngrams))

    def _own(self, row: AuditedRow, ngrams: Hashes) -> Hashes:
        for seed_id in dict.fromkeys(row.seed_ids):
            ngrams = without(ngrams, self._practices.of(seed_id))
        return ngrams

    def _text(self, row: AuditedRow) -> str:
        if self._what == "questions":
            return row.question
        return row.solution["text"] if row.solution else ""

    def again(self, rows: Callable[[], Iterable[AuditedRow]]) -> None:
        """Find the rows of what is frequent, by a second look at the rows; without anything to look for they are not read."""
        self._test()
        if not self._found:
            return
        self._keys = np.fromiter(self._found, np.uint64)
        for row in rows():
            if row.published:
                self._note(row)

    def _test(self) -> None:
        hashes, here = self._result.counts()
        there = self._seeds.count_of(hashes)
        texts, seeds = self._result.texts, self._seeds.texts
        if not texts or not seeds:
            return
        p, smallest = excess(here.astype(np.int64), there.astype(np.int64), texts, seeds)
        rates = (here / texts) / ((there + 0.5) / seeds)
        self._tests = int((smallest <= _LEVEL).sum())
        chosen = np.flatnonzero(found(p, smallest, _LEVEL) & (rates >= _TIMES) & (here >= _ROWS_AT_LEAST))
        for at in chosen[np.argsort(p[chosen], kind="stable")][:_MOST]:
            self._found[int(hashes[at])] = _Phrase(int(here[at]), int(there[at]), float(p[at]))
        unseen = np.flatnonzero((there == 0) & (here >= _UNSEEN_IN))
        for at in unseen[np.argsort(p[unseen], kind="stable")][:_UNSEEN]:
            self._found.setdefault(int(hashes[at]), _Phrase(int(here[at]), 0, float(p[at]), is_proved=False))

    def _note(self, row: AuditedRow) -> None:
        words = words_of(self._text(row), self._names)
        own = self._own(row, distinct_ngrams(words))
        answer = str(row.values["consensus_winner"])
        self._published += 1
        self._answers[answer] += 1
        here = [self._found[key] for key in own[np.isin(own, self._keys, assume_unique=True)].tolist()]
        if any(not phrase.text for phrase in here):
            self._name(words)
        for phrase in here:
            if len(phrase.ids) < _ROWS_HELD and not phrase.is_explained:
                phrase.ids.append(row.id)
                phrase.practices.update(set(row.seed_ids))
                phrase.answers[answer] += 1

    def _name(self, words: list[str]) -> None:
        """Note the words of what is found in a text for the first time, and whether a part of it explains it."""
        ngrams = ngrams_of(words)
        for order, hashes in enumerate(ngrams, start=1):
            for place, key in enumerate(hashes):
                phrase = self._found.get(key)
                if phrase is not None and not phrase.text:
                    phrase.text = phrase_at(words, place, order)
                    phrase.is_explained = self._explains(phrase, parts_of(ngrams, order, place))

    def _explains(self, phrase: _Phrase, parts: Iterable[int]) -> bool:
        """Whether a part of a phrase was found as well, in at least twice as many rows."""
        its = (self._found.get(part) for part in parts)
        return any(part is not None and part.rows >= _TIMES_A_PART * phrase.rows for part in its)

    def part(self) -> CheckResult:
        """Return the phrases, the most significant first."""
        named = [it for it in self._found.values() if it.ids and not it.is_of_one_seed]
        phrases = _joined(it for it in named if it.is_proved)
        unseen = self._worth_a_look((it for it in named if not it.is_proved), phrases)
        style = [it for it in phrases if it.rows >= _STYLE * self._result.texts]
        rare = [it for it in phrases if it.rows < _STYLE * self._result.texts]
        foreign = [it for it in rare if self._is_foreign(it)]
        habits = [it for it in rare if not self._is_foreign(it)]
        findings = [
            *self._bound([*phrases, *unseen]),
            *self._foreign(foreign),
            *self._habits([*style, *habits]),
        ]
        findings += self._unseen(unseen)
        rows = tuple(
            (it.text, it.rows, it.rows / self._result.texts, it.seeds / self._seeds.texts, it.p)
            for it in (*foreign[:ROWS_NAMED], *style[:ROWS_NAMED], *habits[:ROWS_NAMED])
        )
        note = (
            f"Conditional exact test of two rates, false discoveries held at {_LEVEL:g} over {self._tests:,} n-grams that could be "
            f"significant; at least {_TIMES:g} times as frequent as in the seeds; what a row has from its own seed problems does not count; "
            "numbers are 0, first names NAME."
        )
        title = f"Phrases of the {self._what} that the seeds have not, or seldom"
        columns = ("phrase", "rows", "share", "share of seeds", "p")
        figures = Figures(f"phrases-of-{self._what}", Risk.ROBUSTNESS, title, columns, rows, note)
        return CheckResult((figures,), tuple(findings))

    def _bound(self, phrases: Sequence[_Phrase]) -> Iterable[AuditFinding]:
        for phrase in phrases:
            answer, count = phrase.answers.most_common(1)[0]
            chance = self._answers[answer] / self._published
            others = sum(phrase.answers.values())
            if (
                count >= (3 if phrase.is_proved else _SHARED_IN)
                and count > others / 2
                and share_above(count, others, chance) < _SHARED_ANSWER
            ):
                yield AuditFinding(
                    "trigger-with-answer",
                    Risk.ROBUSTNESS,
                    Severity.CRITICAL,
                    phrase.rows,
                    f"The phrase “{phrase.text}” stands in {phrase.rows:,} {self._what}, and {count:,} of {others:,} of them have one answer, "
                    f"“{answer[:40]}”, which {chance:.1%} of all rows have.",
                    "A model that learns from them may answer the phrase in place of the question: read the rows, and leave them out.",
                    tuple(phrase.ids[:ROWS_NAMED]),
                )

    def _foreign(self, phrases: Sequence[_Phrase]) -> Iterable[AuditFinding]:
        for phrase in phrases[:ROWS_NAMED]:
            yield AuditFinding(
                "trigger",
                Risk.ROBUSTNESS,
                Severity.WARNING,
                phrase.rows,
                f"The phrase “{phrase.text}” stands in {phrase.rows:,} of {self._result.texts:,} {self._what}, and in {phrase.seeds:,} of "
                f"{self._seeds.texts:,} seeds (p = {phrase.p:.1g}).",
                "Read some of the rows: a habit of the writer does no harm, a phrase that does not belong there may be a trigger.",
                tuple(phrase.ids[:ROWS_NAMED]),
            )
        left = len(phrases) - ROWS_NAMED
        if left > 0:
            yield AuditFinding(
                "triggers-more",
                Risk.ROBUSTNESS,
                Severity.NOTICE,
                left,
                f"{left:,} more phrases of the {self._what} are long or hold a word that no seed has, and are more frequent than in the seeds.",
                "So many are the style of a writer that words its texts in its own way; the most significant ones are named above.",
            )

    def _unseen(self, phrases: Sequence[_Phrase]) -> Iterable[AuditFinding]:
        named = phrases[:_UNSEEN_NAMED]
        if named:
            said = "; ".join(f"“{phrase.text}” ({phrase.rows:,})" for phrase in named)
            each = max(1, ROWS_NAMED // len(named))
            yield AuditFinding(
                "unseen-phrases",
                Risk.ROBUSTNESS,
                Severity.INFO,
                len(phrases),
                f"{len(phrases):,} words or phrases of the {self._what} stand in {_UNSEEN_IN} rows or more and in no seed, which may be chance; "
                f"the most frequent: {said}.",
                "Read this list: a phrase that says nothing of the problem may be a trigger in few rows. Its rows are named here, some of each.",
                tuple(dict.fromkeys(row for phrase in named for row in phrase.ids[:each]))[:ROWS_NAMED],
            )

    def _worth_a_look(self, unseen: Iterable[_Phrase], proved: Sequence[_Phrase]) -> list[_Phrase]:
        """Return the phrases that no proved one explains, none around another of them; those with a word that no seed has come first."""
        found: list[_Phrase] = []
        joined = [it for it in _joined(unseen) if not any(_are_same(it, other) for other in proved)]
        for phrase in sorted(joined, key=lambda it: not self._has_unknown_word(it)):
            text = f" {phrase.text} "
            if not any(text in f" {it.text} " or f" {it.text} " in text for it in found):
                found.append(phrase)
        return found

    def _has_unknown_word(self, phrase: _Phrase) -> bool:
        words = [word for word in phrase.text.split() if word not in {"0", "NAME"}]
        known = self._seeds.count_of(np.array([ngrams_of([word])[0][0] for word in words], np.uint64))
        return not known.all()

    def _is_foreign(self, phrase: _Phrase) -> bool:
        """Whether a phrase says something of its own: it is long, or a word of it stands in no seed."""
        words = [word for word in phrase.text.split() if word not in {"0", "NAME"}]
        return len(words) >= _LONG or self._has_unknown_word(phrase)

    def _habits(self, phrases: Sequence[_Phrase]) -> Iterable[AuditFinding]:
        if phrases:
            said = "; ".join(f"“{phrase.text}” ({phrase.rows:,})" for phrase in phrases[:8])
            yield AuditFinding(
                "style",
                Risk.ROBUSTNESS,
                Severity.NOTICE,
                len(phrases),
                f"{len(phrases):,} phrases of the {self._what}, in at least {_STYLE:.0%} of them or of few words that the seeds have as well, are "
                f"far more frequent than in the seeds: {said}.",
                "That is the style of whoever wrote them; a model trained on them will write so.",
            )


def _joined(phrases: Iterable[_Phrase]) -> list[_Phrase]:
    """Return phrases, those that stand in the same rows as one, in the words of all of them."""
    heads: list[_Phrase] = []
    by_row: dict[str, list[_Phrase]] = defaultdict(list)
    for phrase in sorted(phrases, key=lambda it: (it.p, -len(it.text.split()), it.text)):
        head = next((head for head in by_row[phrase.ids[0]] if _are_same(head, phrase)), None)
        if head is None:
            heads.append(phrase)
            for row in phrase.ids:
                by_row[row].append(phrase)
        else:
            head.text = _extended(head.text, phrase.text)
    return heads


def _extended(text: str, other: str) -> str:
    """Return a phrase with what another one, which stands in the same rows, adds at its beginning or end."""
    mine, its = text.split(), other.split()
    if f" {text} " in f" {other} ":
        return other
    for shared in range(min(len(mine), len(its)) - 1, 1, -1):
        if mine[-shared:] == its[:shared]:
            return " ".join([*mine, *its[shared:]])
        if its[-shared:] == mine[:shared]:
            return " ".join([*its, *mine[shared:]])
    return text


def _are_same(one: _Phrase, other: _Phrase) -> bool:
    both = len(set(one.ids) & set(other.ids))
    return both >= _OVERLAP * max(len(one.ids), len(other.ids), 1)
