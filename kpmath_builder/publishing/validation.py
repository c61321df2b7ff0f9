"""Everything that is checked of a release before a byte leaves the machine."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kpmath_builder.curation.protected import ProtectedTexts
from kpmath_builder.dataset.card_rules import card_problems
from kpmath_builder.dataset.parquet import digest_of
from kpmath_builder.dataset.schemas import PLUS, SCHEMAS
from kpmath_builder.files.sealed import read_lines
from kpmath_builder.publishing.release import Release
from kpmath_builder.records import SeedProblem

__all__ = ["release_problems", "rows_of"]

_ROWS_AT_ONCE = 100
_SAID = ("question", "detail", "missing_key_points", "errors", "judge_answer", "solutions")
_TEXTS = {
    "qa-pairs": ("question", "solution", "reasoning"),
    "scored": _SAID,
    "kp-extraction": (),
    PLUS: ("question", "solution"),
}
"""Columns that may repeat what must not be published: a model wrote them and was shown it, or others did."""
_PROTECTED = ("seeds.jsonl", "protected.jsonl")
"""Below `knowledge/`: the seeds of a build, and what a mix knows of MATH besides."""


def release_problems(release: Release, folder: Path) -> list[str]:
    """Return what is wrong with a release of a build folder, a sentence each; nothing: it may be published."""
    problems = [problem for config in release.configs for problem in _table(release, config)]
    if problems:
        return problems
    rows = {
        path: rows_of(file.content) if isinstance(file.content, Path) and path.endswith(".parquet") else None
        for path, file in release.files.items()
    }
    return [
        *card_problems(release.card, rows),
        *_unled(release),
        *_withheld(release),
        *_copied(release, ProtectedTexts(_seeds(folder))),
    ]


def _seeds(folder: Path) -> Iterator[SeedProblem]:
    for name in _PROTECTED:
        path = folder / "knowledge" / name
        if name == "seeds.jsonl" or path.exists():
            yield from map(SeedProblem.model_validate_json, read_lines(path))


def rows_of(table: Path) -> int:
    """Return the number of rows that a Parquet file's footer tells."""
    rows: int = pq.read_metadata(table).num_rows
    return rows


def _table(release: Release, config: str) -> Iterator[str]:
    files = list(release.tables(config).values())
    names = [f"train-{number:05d}-of-{len(files):05d}.parquet" for number in range(len(files))]
    if not files or [file.name for file in files] != names:
        yield f"data/{config} does not hold files train-00000-of-0000N.parquet without a gap"
        return
    told = release.build["tables"][config]
    for file in files:
        schema = pq.read_schema(file)
        if not schema.equals(SCHEMAS[config]) or schema.metadata:
            yield f"{file.name} of {config} has other columns than docs/tables.md tells"
    if (rows := sum(map(rows_of, files))) != told["rows"]:
        yield f"{config} holds {rows} rows, the build wrote {told['rows']}"
    elif digest_of(files) != told["digest"]:
        yield f"the files of {config} are not those that the build wrote"
    elif not rows:
        yield f"{config} has no rows, which `datasets` cannot load"
    else:
        yield from _order(config, files)


def _order(config: str, files: Sequence[Path]) -> Iterator[str]:
    ids = pa.chunked_array(
        [chunk for file in files for chunk in pq.read_table(file, columns=["id"])["id"].chunks], pa.string()
    )
    if not pc.all(pc.less(ids[:-1], ids[1:])).as_py():
        yield f"the rows of {config} are not sorted by id, or two have one id"


def _unled(release: Release) -> Iterator[str]:
    """Every pair leads to a kept candidate."""
    scored = _columns(release, "scored", ["id", "status"])
    kept = scored.filter(pc.equal(scored["status"], "kept"))["id"]
    leads = pc.is_in(_columns(release, "qa-pairs", ["candidate_id"])["candidate_id"], kept)
    if not pc.all(leads).as_py():
        yield "a row of qa-pairs leads to no kept row of scored"


def _withheld(release: Release) -> Iterator[str]:
    """MATH problems are nowhere, whatever the seeds' settings said; every source states its licence."""
    rows = _columns(release, "kp-extraction", ["id", "source", "licence", "problem", "solution", "answer"])
    math = pc.match_substring(pc.utf8_lower(rows["source"]), "hendrycks")
    for column in ("problem", "solution", "answer"):
        if pc.any(pc.and_(math, pc.is_valid(rows[column]))).as_py():
            yield f"kp-extraction publishes the {column} of MATH problems"
    if pc.any(pc.equal(rows["licence"], "")).as_py():
        yield "kp-extraction has seed problems without a licence: set seeds.licence"
    if PLUS in release.configs:
        mixed = _columns(release, PLUS, ["source", "licence"])
        if pc.any(pc.match_substring(pc.utf8_lower(mixed["source"]), "hendrycks")).as_py():
            yield f"{PLUS} publishes MATH problems"
        if pc.any(pc.equal(mixed["licence"], "")).as_py():
            yield f"{PLUS} has rows without a licence"


def _copied(release: Release, protected: ProtectedTexts) -> Iterator[str]:
    if not protected:
        return
    for config in release.configs:
        columns = _TEXTS[config]
        for file in release.tables(config).values() if columns else ():
            for batch in pq.ParquetFile(file).iter_batches(_ROWS_AT_ONCE, columns=["id", *columns]):
                for row in batch.to_pylist():
                    for text in _texts(row, columns):
                        if seed_id := protected.found_in(text):
                            yield f"row {row['id']} of {config} repeats {seed_id}, whose text must not be published"


def _texts(row: dict[str, Any], columns: Sequence[str]) -> Iterator[str]:
    for column in columns:
        value = row[column]
        for item in value if isinstance(value, list) else [value]:
            said = (item["text"], item["thinking"]) if isinstance(item, dict) else (item,)
            yield from filter(None, said)


def _columns(release: Release, config: str, names: list[str]) -> pa.Table:
    return pa.concat_tables(pq.read_table(file, columns=names) for file in release.tables(config).values())
