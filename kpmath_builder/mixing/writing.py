"""The third pass: the rows that stay become the table `plus`, beside the three tables of the build."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from kpmath_builder.curation.policy import flag_of
from kpmath_builder.dataset.parquet import ConfigWriter, WrittenConfig
from kpmath_builder.dataset.provenance import PROVENANCE
from kpmath_builder.dataset.schemas import PLUS, SCHEMAS
from kpmath_builder.files.durable import staged_file, staged_folder
from kpmath_builder.files.sealed import FileRecord
from kpmath_builder.folder.results import Results
from kpmath_builder.mixing.card import mixed_card
from kpmath_builder.mixing.collecting import Spool
from kpmath_builder.mixing.folder import MixFolder
from kpmath_builder.mixing.judging import Fate, Verdicts
from kpmath_builder.mixing.recipe import MixRecipe
from kpmath_builder.mixing.report import MixReport
from kpmath_builder.mixing.rows import MixRow
from kpmath_builder.seeds.benchmarks import Benchmark

__all__ = ["write_mix"]

_ROWS_PER_FILE = 100_000


def write_mix(
    folder: MixFolder,
    recipe: MixRecipe,
    spools: Mapping[str, Spool],
    verdicts: Verdicts,
    *,
    tests: Sequence[Benchmark],
    fingerprint: str,
    rows_per_file: int = _ROWS_PER_FILE,
) -> tuple[WrittenConfig, MixReport]:
    """Write `dataset/` with all its configs and `left-out.jsonl`; each is the old whole one until it is the new whole one."""
    build = Results(recipe.sources[recipe.base].path or Path())
    report = MixReport([spools[name] for name in recipe.prefer], tests)
    with staged_folder(folder.dataset) as staged, staged_file(folder.left_out) as left_out:
        _copy_build(build, staged)
        with (
            left_out.open("wb") as lines,
            closing(ConfigWriter(staged / "data" / PLUS, SCHEMAS[PLUS], rows_per_file)) as writer,
        ):
            # By name and not by preference: rows of a table are sorted by their ids.
            for name in sorted(spools, key=lambda name: f"{name}/"):
                for row, row_id, fate in verdicts.of(spools[name]):
                    report.add(name, row, fate)
                    if fate.reason is None:
                        writer.add(_table_row(spools[name], row, row_id, fate))
                    else:
                        lines.write(_left_out_line(row, row_id, fate))
            written = writer.finish()
        for path, data in _files(staged, recipe, report, written, fingerprint):
            (staged / path).write_bytes(data)
    return written, report


def _copy_build(build: Results, staged: Path) -> None:
    """Copy the tables of the build, each file as its manifest names it."""
    manifest = build.read_manifest()
    assert manifest is not None, "the build was looked at before"
    for name in build.tables(manifest):
        (staged / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(build.dataset / name, staged / name)
        if FileRecord.of(staged / name) != FileRecord(*manifest["files"][f"dataset/{name}"]):
            build.check_tables()  # it changed since: says which file is not what the build wrote


def _files(
    staged: Path, recipe: MixRecipe, report: MixReport, written: WrittenConfig, fingerprint: str
) -> Iterator[tuple[str, bytes]]:
    card = (staged / "README.md").read_text(encoding="utf-8")
    yield "README.md", mixed_card(card, recipe, report, written, fingerprint).encode()
    build = json.loads((staged / PROVENANCE / "build.json").read_bytes())
    build["tables"][PLUS] = {"rows": written.rows, "digest": written.digest}
    build["mix"] = {"name": recipe.name, "fingerprint": fingerprint}
    yield f"{PROVENANCE}/build.json", _json(build)
    yield f"{PROVENANCE}/mix.json", _json({"fingerprint": fingerprint, **report.as_json()})
    yield f"{PROVENANCE}/mix.toml", recipe.to_toml(public=True).encode()


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=1) + "\n").encode()


def _table_row(spool: Spool, row: MixRow, row_id: str, fate: Fate) -> dict[str, Any]:
    return {
        "id": row_id,
        "question": row.question,
        "solution": row.solution,
        "answer": row.answer,
        "messages": [
            {"role": "user", "content": row.question},
            {"role": "assistant", "content": row.solution},
        ],
        "source": spool.source,
        "source_id": row.source_id,
        "subset": row.subset,
        "licence": row.licence,
        "flags": list(dict.fromkeys(map(flag_of, fate.marks))),
        "repeats": [mark.model_dump(mode="json") for mark in fate.marks],
    }


def _left_out_line(row: MixRow, row_id: str, fate: Fate) -> bytes:
    assert fate.reason is not None, "it stays"
    told = {
        "id": row_id,
        "source_id": row.source_id,
        "reason": fate.reason.value,
        "set": fate.set,
        "of": fate.of,
        "how": fate.how,
        "matched": fate.matched,
    }
    return (
        json.dumps({name: value for name, value in told.items() if value}, ensure_ascii=False).encode()
        + b"\n"
    )
