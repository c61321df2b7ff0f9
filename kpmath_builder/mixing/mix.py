"""`kpmath mix`: read each source once, compare all rows, write the table `plus` beside the tables of the build.

It is a function of its recipe and its sources: stopped at any moment and run again, it makes the same bytes.
"""

import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from kpmath_builder.curation.paraphrase_model import ParaphraseModel, find_model, model_facts
from kpmath_builder.curation.policy import paraphrases_from
from kpmath_builder.curation.row_checks import RowChecks
from kpmath_builder.errors import BuildError, InputError
from kpmath_builder.files.scratch import scratch
from kpmath_builder.files.sealed import write_lines
from kpmath_builder.folder.results import Results
from kpmath_builder.mixing.collecting import Spool, collect
from kpmath_builder.mixing.folder import MixFolder
from kpmath_builder.mixing.judging import judge
from kpmath_builder.mixing.recipe import MixRecipe
from kpmath_builder.mixing.withheld import Withheld
from kpmath_builder.mixing.writing import write_mix
from kpmath_builder.protocol import canonical_json
from kpmath_builder.seeds.benchmarks import Benchmark, read_benchmarks

__all__ = ["Mixed", "make_mix", "mix"]

_SEEDS = "seeds.jsonl"


@dataclass(frozen=True)
class Mixed:
    """What a mix made."""

    folder: Path
    dataset: Path
    """What `load_dataset` reads."""
    rows: Mapping[str, int]
    """Rows per config."""
    report: Mapping[str, Any]
    """Per source what came in, what stayed, and why the rest went; overlaps with the test sets."""
    already_mixed: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return it as docs/scripting.md describes it."""
        return {
            "folder": str(self.folder),
            "dataset": str(self.dataset),
            "already_mixed": self.already_mixed,
            "rows": dict(self.rows),
            **self.report,
        }

    def lines(self) -> list[str]:
        """Return what came of each source, in words."""
        said = []
        for name, counts in self.report["sources"].items():
            left = ", ".join(f"{rows:,} {reason}" for reason, rows in counts["left_out"].items())
            said.append(
                f"{name}: {counts['stayed']:,} of {counts['came']:,} rows stay"
                + (f"; {left}" if left else "")
            )
        return [*said, f"{self.dataset}: {self.rows['plus']:,} rows in plus"]


def mix(recipe: MixRecipe, *, note: Callable[[str], None] = lambda _: None) -> Mixed:
    """Mix the sources of a recipe, or go on with a mix that was stopped.

    Parameters
    ----------
    recipe
        What to mix.
    note
        Called with sentences on the progress.

    Raises
    ------
    InputError
        When the recipe, a source or the folder is not what it must be.
    BuildError
        When the Hub stays away or the disk is full; the same call goes on.
    """
    folder = MixFolder(recipe.folder)
    folder.check_place(recipe)
    find_model(recipe.paraphrases.model)  # refused before the folder is made
    try:
        folder.folder.mkdir(parents=True, exist_ok=True)
        with folder.mix_lock().awaited(note):
            return make_mix(recipe, folder, note)
    except OSError as error:
        raise BuildError(
            f"The folder {folder.folder} cannot be written ({error.strerror or error}): make room or correct that, then run the same "
            "command again."
        ) from error


def make_mix(recipe: MixRecipe, folder: MixFolder, note: Callable[[str], None]) -> Mixed:
    """Mix in a folder that nobody else is at work in; as `mix`, with the folder given."""
    model = find_model(recipe.paraphrases.model)
    folder.begin(recipe)
    tests = _test_sets(recipe, note)
    spools: dict[str, Spool] = {}
    for name in recipe.prefer:
        note(f"reading {name}")
        spools[name] = collect(recipe, name, folder.spool(name))
    for stale in set(folder.spools.glob("*.jsonl")) - {spool.path for spool in spools.values()}:
        stale.unlink()
    fingerprint = _fingerprint(recipe, spools, tests, model)
    done = folder.finished()
    if done is not None and done.get("mix") == fingerprint:
        return Mixed(folder.folder, folder.dataset, done["rows"], done["report"], already_mixed=True)
    folder.manifest.unlink(missing_ok=True)
    note("comparing all rows")
    withheld = Withheld(recipe, spools)
    _write_knowledge(folder, recipe, withheld)
    ordered: Sequence[Spool] = [spools[name] for name in recipe.prefer]
    with scratch(folder.folder) as room:
        (columns := room / "repeats").mkdir()
        checks = RowChecks((), tests, test_paraphrases=paraphrases_from(recipe.contamination, model))
        verdicts = judge(recipe, ordered, withheld, checks, columns, model=model)
        note("writing the tables")
        written, report = write_mix(folder, recipe, spools, verdicts, tests=tests, fingerprint=fingerprint)
    if not written.rows:
        raise InputError(
            f"No row stays in the mix: {folder.left_out} has the reason for each; correct the recipe's sources."
        )
    manifest = _manifest_of_build(recipe)
    rows = {**manifest["rows"], "plus": written.rows}
    told = {
        "rows": rows,
        "tables": {**manifest["tables"], "plus": written.digest},
        "report": report.as_json(),
        **model_facts(model.digest if model else None),
    }
    folder.declare({"mix": fingerprint, "build_spec": manifest["build_spec"], **told})
    return Mixed(folder.folder, folder.dataset, rows, report.as_json())


def _test_sets(recipe: MixRecipe, note: Callable[[str], None]) -> Sequence[Benchmark]:
    """Read the test sets; say so, or refuse, if one cannot be read."""
    tests = read_benchmarks(recipe.test_sets)
    if missing := [one for one in tests if not one.is_read]:
        said = f"No row is compared with {', '.join(one.name for one in missing)}: {missing[0].fault}"
        if recipe.contamination.unread == "error":
            raise InputError(
                f'{said} Give a file in contamination.sets, or set contamination.unread = "note".'
            )
        note(said)
    return tests


def _fingerprint(
    recipe: MixRecipe, spools: Mapping[str, Spool], tests: Sequence[Benchmark], model: ParaphraseModel | None
) -> str:
    """Return a hash over all that the mix depends on, the program among it: another version may compare otherwise."""
    base = Results(recipe.sources[recipe.base].path or Path()).read_manifest()
    told = {
        "program": installed("kpmath-builder"),
        "recipe": recipe.decisions(),
        "sources": {name: [spool.source, spool.state] for name, spool in spools.items()},
        "tests": [[one.name, one.digest] for one in tests],
        **model_facts(model.digest if model else None),
        "build": base and {name: list(record) for name, record in base["files"].items()},
    }
    return hashlib.sha256(canonical_json(told).encode()).hexdigest()[:16]


def _manifest_of_build(recipe: MixRecipe) -> Mapping[str, Any]:
    """Return what the manifest of the build says of its tables."""
    manifest = Results(recipe.sources[recipe.base].path or Path()).read_manifest() or {}
    return {"build_spec": "", "rows": {}, "tables": {}, **manifest}


def _write_knowledge(folder: MixFolder, recipe: MixRecipe, withheld: Withheld) -> None:
    """Put beside the tables what `publish` compares them with."""
    build = recipe.sources[recipe.base].path or Path()
    shutil.copyfile(build / "knowledge" / _SEEDS, folder.knowledge / _SEEDS)
    write_lines(folder.protected, {}, (seed.model_dump_json().encode() + b"\n" for seed in withheld.texts))
