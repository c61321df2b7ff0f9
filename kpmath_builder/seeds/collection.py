"""From rows to a `SeedSet`: stable ids, hashes, and an account of every row that was left out."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import as_file, files
from itertools import chain
from pathlib import Path
from typing import Literal

from kpmath_builder.errors import InputError
from kpmath_builder.protocol import canonical_json
from kpmath_builder.records import RowFault, SeedProblem
from kpmath_builder.seeds.formats import Format, SeedRow, choose_format, read_row
from kpmath_builder.seeds.origins import BUNDLED, MATH, Labels, Origin, origin_of
from kpmath_builder.seeds.rows import Row, Table, open_file, open_hub

__all__ = ["SeedSet", "hash_of_problem", "hash_of_set", "load_seeds"]


@dataclass(frozen=True)
class SeedSet:
    """The usable seed problems, sorted by id, and the places ("line 12") of the rows that are left out."""

    problems: tuple[SeedProblem, ...]
    name: str
    content_hash: str
    """Tagged hash over all problems with their ids and labels."""
    duplicates: tuple[tuple[str, str], ...] = ()
    """Place of each repeated problem, and of the one that is kept instead."""
    empty: tuple[str, ...] = ()
    """Places of rows without a problem or a solution."""
    unanswered: tuple[str, ...] = ()
    """Places of rows whose final answer cannot be read."""
    sentinels: tuple[str, ...] = ()
    """Places of rows whose answer says that there is none, each with the word: `line 3 (proof)`."""
    hints: tuple[str, ...] = ()
    withheld: str = ""
    """What to do if the text may be published, for seeds of which nobody said whether it may."""

    def notes(self) -> tuple[str, ...]:
        """Return one sentence for each thing that the user should know about these seeds."""
        left_out = (_left_out(reason, places) for reason, places in self.left_out.items())
        withheld = [self.withheld] if self.withheld else []
        return (*chain.from_iterable(left_out), *self.hints, *withheld)

    @property
    def left_out(self) -> Mapping[RowFault, Sequence[str]]:
        """Reason to the places of the rows that are left out for it; reasons without a row are there as well."""
        return {
            RowFault.REPEATED: [f"{place} (as {first})" for place, first in self.duplicates],
            RowFault.EMPTY: self.empty,
            RowFault.UNANSWERED: self.unanswered,
            RowFault.SENTINEL: self.sentinels,
        }


def load_seeds(
    *,
    path: Path | None = None,
    hub: str | None = None,
    split: str = "train",
    hub_config: str | None = None,
    revision: str | None = None,
    format: Format | Literal["auto"] = "auto",  # noqa: A002 - the recipe's name
    fields: Mapping[str, str] | None = None,
    licence: str | None = None,
    source: str | None = None,
    shareable: bool | None = None,
    limit: int | None = None,
) -> SeedSet:
    """Load the seed problems of a recipe; with neither `path` nor `hub`, the set bundled with the package.

    Ids do not depend on the machine: `gsm8k/train/00012` and `math/train/00012` carry the split and the row number
    from 0 (of a file, the split is read from its name), `math/train/algebra/0` the row's `unique_id`, a user's own
    `STEM/00012` the file's or dataset's name, or whatever the row's id column says.

    A set in GSM8K's format is GSM8K itself (MIT, may be published) where its name says so (`openai/gsm8k`,
    `gsm8k/train.jsonl`, `gsm8k_train.parquet`) or `source` is "openai/gsm8k"; anything else is the user's own, of
    unknown licence and not published unless the settings say otherwise. What has MATH's format or labels is MATH,
    whose text is never published, whatever the settings say.

    Parameters
    ----------
    path, hub, split, hub_config, revision
        A file, or a dataset of the Hub (or a local dataset folder) as `datasets.load_dataset` takes it.
    format, fields
        How rows are read; `fields` maps problem, solution, answer, level, subject, id to a user's own columns.
    licence, source, shareable
        What holds for a user's own problems.
    limit
        Keep the first so many usable rows.

    Raises
    ------
    InputError
        Where the set is missing, damaged, of no known format, or without a single usable problem.
    """
    if path and hub:
        raise InputError("Both seeds.path and seeds.hub are given: leave one of them out.")
    if limit is not None and limit < 1:
        raise InputError(f"seeds.limit is {limit}: give a number from 1, or leave it out.")
    labels = Labels(source, licence, shareable)
    if not path and not hub:
        for name, value in {**labels.named(), "seeds.fields": fields}.items():
            if value is not None:
                raise InputError(
                    f"{name} is about problems of your own, and these are the ones that ship with the package: give yours as seeds.path or "
                    "seeds.hub, or leave it out."
                )
        return _bundled(limit)
    table = open_hub(hub, split, hub_config, revision) if hub else open_file(Path(path or ""))
    return _load(table, format, fields, labels, limit)


def _bundled(limit: int | None) -> SeedSet:
    with as_file(files("kpmath_builder") / "data" / "seeds.jsonl") as path:
        return _load(replace(open_file(path), stem="bundled"), "gsm8k", None, BUNDLED, limit)


def _load(
    table: Table,
    asked: Format | Literal["auto"],
    fields: Mapping[str, str] | None,
    labels: Labels,
    limit: int | None,
) -> SeedSet:
    first = next(table.rows, None)
    if first is None:
        raise InputError(f"{table.origin} holds no rows: give a file or a split with seed problems.")
    form = choose_format(table.origin, first, asked, fields)
    sorter = _Sorter(table.origin, form, origin_of(table, form, labels))
    for row in chain([first], table.rows):
        sorter.add(row, read_row(table.origin, row, form, fields))
        if len(sorter.kept) == limit:
            break
    return sorter.result(labels)


@dataclass
class _Sorter:
    """Puts each row where it belongs."""

    table: str
    form: Format
    origin: Origin
    kept: dict[str, tuple[str, SeedProblem]] = field(default_factory=dict)
    """Normalised text to place and problem."""
    ids: dict[str, str] = field(default_factory=dict)
    """Id to place."""
    duplicates: list[tuple[str, str]] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    sentinels: list[str] = field(default_factory=list)

    def add(self, row: Row, found: SeedRow) -> None:
        # Whitespace is folded, not dropped: "1 1/2" and "11/2" are different problems.
        text = " ".join(found.problem.split()).casefold()
        if not found.problem or not found.solution:
            self.empty.append(row.place)
        elif found.sentinel is not None:
            self.sentinels.append(f"{row.place} ({found.sentinel})")
        elif found.answer is None:
            self.unanswered.append(row.place)
        elif text in self.kept:
            self.duplicates.append((row.place, self.kept[text][0]))
        else:
            seed = self._seed(found, found.answer, row.number)
            earlier = self.ids.setdefault(seed.id, row.place)
            if earlier != row.place:
                raise InputError(
                    f"{self.table}: {earlier} and {row.place} have the same id {seed.id!r}: give each its own."
                )
            self.kept[text] = (row.place, seed)

    def _seed(self, found: SeedRow, answer: str, number: str) -> SeedProblem:
        disguised = found.is_math and self.form != "math"  # MATH under a user's own column names
        return SeedProblem(
            id=self._id(found, number),
            source=MATH if disguised else self.origin.source,
            licence="mit (disputed)" if disguised else self.origin.licence,
            shareable=self.origin.shareable and not disguised,
            problem=found.problem,
            solution=found.solution,
            answer=answer,
            level=found.level,
            subject=found.subject,
            content_hash=hash_of_problem(found.problem, found.solution),
        )

    def _id(self, found: SeedRow, number: str) -> str:
        if found.id and self.form == "math":
            return "math/" + found.id.removesuffix(".json")
        return found.id or f"{self.origin.prefix}/{number}"

    def result(self, labels: Labels) -> SeedSet:
        if not self.kept:
            raise InputError(
                f"{self.table} has no usable seed problem: {len(self.empty)} without a problem or a solution, "
                f"{len(self.unanswered)} without a final answer {_MARKS[self.form]}, "
                f"{len(self.sentinels)} whose answer says that there is none; correct them."
            )
        problems = tuple(sorted((seed for _, seed in self.kept.values()), key=lambda seed: seed.id))
        return SeedSet(
            problems=problems,
            name="/".join(problems[0].id.split("/")[:2]) if self.form == "math" else self.origin.prefix,
            content_hash=hash_of_set(problems),
            duplicates=tuple(self.duplicates),
            empty=tuple(self.empty),
            unanswered=tuple(self.unanswered),
            sentinels=tuple(self.sentinels),
            hints=tuple(_hints(problems, labels)),
            withheld=_withheld(problems, self.form, labels),
        )


_MARKS = {
    "gsm8k": "after `####`",
    "math": r"in a `\boxed{}`",
    "custom": r"in the answer's own column, after `####` or in a `\boxed{}`",
}


def hash_of_problem(problem: str, solution: str) -> str:
    """Return the tagged hash of a seed problem's text."""
    return _sha256(f"{problem}\n{solution}")


def hash_of_set(problems: Sequence[SeedProblem]) -> str:
    """Return the tagged hash over all that the tables show of the seeds, licences too; `problems` are sorted by id."""
    return _sha256(canonical_json([seed.model_dump(mode="json") for seed in problems]))


def _sha256(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _left_out(what: str, places: Sequence[str], named: int = 10) -> list[str]:
    rest = f" and {len(places) - named} more" if len(places) > named else ""
    return [f"{len(places)} left out {what}: {', '.join(places[:named])}{rest}."] if places else []


def _hints(problems: Sequence[SeedProblem], labels: Labels) -> list[str]:
    hints = []
    if any(seed.id.startswith(("gsm8k/test/", "math/test/")) for seed in problems):
        hints.append(
            "These seeds are a test set: what is made from them must not train a model that is tested on it."
        )
    if any(seed.source == MATH for seed in problems):
        given = " and ".join(name for name, value in labels.named().items() if value)
        ignored = f"; {given} cannot change that" if given else ""
        hints.append(f"MATH's text is never published, only ids, hashes, topics and key points{ignored}.")
    return hints


def _withheld(problems: Sequence[SeedProblem], form: Format, labels: Labels) -> str:
    """Say that the text of a user's own problems is left out of the tables unless the recipe says otherwise."""
    own = sum(seed.source != MATH and not seed.shareable for seed in problems)
    if not own:
        return ""
    if labels.shareable is False:
        return f"The tables will not hold the text of {own:,} seed problems (seeds.shareable = false)."
    gsm8k = 'seeds.source = "openai/gsm8k" if they are GSM8K, or ' if form == "gsm8k" else ""
    licence = "" if labels.licence else ' and seeds.licence = "…"'
    return (
        f"The tables will not hold the text of {own:,} seed problems, because nobody said that it may be published: set {gsm8k}"
        f"seeds.shareable = true{licence} if it may, or seeds.shareable = false to read this no more."
    )
