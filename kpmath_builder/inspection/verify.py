"""Whether a build folder is what its log says: everything is made again from the log alone, beside it, and compared.

No teacher is asked. Going the way again makes every request anew, so that an answer stands under the right key or is missed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import groupby, islice
from pathlib import Path

import pyarrow as pa

from kpmath_builder.completion import make_candidates, tabulate
from kpmath_builder.curation.paraphrase_model import find_model
from kpmath_builder.dataset.schemas import CONFIGS
from kpmath_builder.errors import InputError, KpmathError
from kpmath_builder.execution.run import Run
from kpmath_builder.files.lock import owner_of
from kpmath_builder.files.scratch import scratch
from kpmath_builder.files.sealed import DamagedError, FileRecord
from kpmath_builder.folder.build_spec import ASKING, PARAPHRASE_MODEL, BuildSpec, test_set_key
from kpmath_builder.folder.damage import FOREIGN, damage
from kpmath_builder.folder.log import ResponseLog
from kpmath_builder.folder.shards import shard_header
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.funnel import Funnel
from kpmath_builder.inspection.rebuild_diff import compare_lines, compare_rows, compare_values
from kpmath_builder.inspection.remedies import Remedies
from kpmath_builder.knowledge.learning import relearn
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.progress import Listener, Reporter
from kpmath_builder.prompts import Prompts
from kpmath_builder.recipe import Recipe
from kpmath_builder.records import DropReason
from kpmath_builder.seeds import hash_of_problem, hash_of_set
from kpmath_builder.seeds.benchmarks import Benchmark, read_benchmarks

__all__ = ["Disagreement", "Verifier", "sentences_of"]

_EXTRACT = "responses/extract-00000.jsonl"
_TOPICS = "responses/topics-00000.jsonl"
_AFTER_DAMAGE = (
    "Nothing was made again to compare it, because of that damage: mend it, then verify once more."
)
_NOT_LEARNT = "No question and no table was looked at: the seeds are not learnt from yet. Run `kpmath build`."
_NOT_FINISHED = (
    "No table was looked at: the build is not finished (there is no manifest.json). Run `kpmath build`."
)


@dataclass(frozen=True)
class Disagreement:
    """A place in a build folder that is not what it should be."""

    file: str
    place: str
    what: str
    remedy: str
    """What mends it: a command in backticks, or what to do by hand."""

    def as_json(self) -> dict[str, str]:
        """Return it as docs/scripting.md describes it."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.file}, {self.place}: {self.what}. To mend it: {self.remedy}."


def sentences_of(found: Iterable[Disagreement], most: int = 10) -> Iterator[str]:
    """Yield what to print: the remedy with the first place of each file that it mends, and at most `most` places of these."""
    for _, places in groupby(found, key=lambda it: (it.file, it.remedy)):
        for number, it in enumerate(islice(places, most)):
            yield str(it) if number == 0 else f"{it.file}, {it.place}: {it.what}."
        if more := sum(1 for _ in places):
            yield f"{it.file}: {more:,} more places, which the same mends; --json lists all."


@dataclass
class Verifier:
    """Checks a build folder, finished or not.

    Parameters
    ----------
    folder
        The build folder; nothing in it is changed.
    progress
        As for `build`.
    """

    folder: Path
    progress: Listener | None = None
    checked: Counter[str] = field(default_factory=Counter)
    """How many responses, seed problems, candidates and rows were looked at."""
    not_checked: str = ""
    """What was not looked at, and why, in a sentence; empty if all was."""

    def __post_init__(self) -> None:
        self._remedies = Remedies(self.folder)
        self._benchmarks: Sequence[Benchmark] = ()
        self._model: str | None = None
        """Digest of the paraphrase model; None if the recipe names none, or it cannot be read here."""
        self._lost = ""
        """The remedy for candidates whose answers are lost, on which the tables depend."""

    def run(self) -> Iterator[Disagreement]:
        """Yield every disagreement.

        Raises
        ------
        InputError
            When the folder holds no build, or somebody is at work in it.
        """
        workspace = Workspace.existing(self.folder)
        _assert_quiet(workspace)
        named = set()
        for it in self._run(workspace):
            if (
                it.file,
                it.place,
            ) not in named:  # e.g. a table that is gone is damage, and differs from what the log makes
                yield it
            named.add((it.file, it.place))

    def _run(self, workspace: Workspace) -> Iterator[Disagreement]:
        yield from self._logs(workspace)
        is_damaged = False
        for damaged in damage(workspace):
            is_damaged = True
            name = _name(damaged.path, workspace)
            yield Disagreement(name, "all of it", damaged.why, self._of_damage(workspace, damaged))
        try:
            recipe, known, spec = workspace.read_recipe(), Knowledge.load(workspace), workspace.begun()
        except DamagedError:  # it was yielded above
            known = spec = None
        if known is None or spec is None:
            self.not_checked = _AFTER_DAMAGE if is_damaged else _NOT_LEARNT
            return
        if not workspace.manifest.exists():
            self.not_checked = _NOT_FINISHED
        prompts = Prompts.of(recipe)
        run = Run(recipe, prompts, Reporter(self.progress))
        self._benchmarks = read_benchmarks(recipe.test_sets)
        with suppress(InputError):  # what cannot be made again without it is named below
            self._model = model.digest if (model := find_model(recipe.paraphrases.model)) else None
        with scratch(self.folder) as room:
            again = Workspace(room, workspace)
            again.make()
            yield from self._spec_differences(workspace, recipe, prompts, known, spec)
            yield from self._knowledge(workspace, again, run, known)
            if recipe.build.rows is not None and (other := list(self._not_as_they_were(spec))):
                yield from other
                return
            yield from self._candidates(workspace, again, run, known, spec)
            if workspace.manifest.exists():
                yield from self._compared_tables(workspace, again, recipe, known, spec)

    def _logs(self, workspace: Workspace) -> Iterator[Disagreement]:
        for path in workspace.logs():
            name = f"responses/{path.name}"
            with ResponseLog(path, writable=False, builds=workspace.builds) as log:
                self.checked["responses"] += len(log)
                for number in log.foreign[:1]:  # it is exchanged as a whole
                    what = "was written for another build, or another log"
                    yield Disagreement(name, f"line {number}", what, self._remedies.exchanged)
                for number in log.damaged:
                    yield Disagreement(name, f"line {number}", "its checksum is wrong", self._remedies.log)
                if log.torn_bytes:
                    what = f"is unfinished ({log.torn_bytes} bytes)"
                    yield Disagreement(name, "last line", what, self._remedies.log)

    def _of_damage(self, workspace: Workspace, damaged: DamagedError) -> str:
        if damaged.why == FOREIGN:
            return self._remedies.foreign
        return self._remedies.recipe if damaged.path == workspace.recipe else self._remedies.remade

    def _spec_differences(
        self, workspace: Workspace, recipe: Recipe, prompts: Prompts, known: Knowledge, spec: BuildSpec
    ) -> Iterator[Disagreement]:
        for number, seed in enumerate(known.seeds, start=1):
            self.checked["seed problems"] += 1
            if seed.content_hash != hash_of_problem(seed.problem, seed.solution):
                remedy = self._remedies.differs("it", "knowledge/origin.json")
                yield Disagreement(
                    "knowledge/seeds.jsonl", f"line {number}", "its content hash is another", remedy
                )
        asking = spec.decided[ASKING]
        digests = {
            one.name: one.digest if one.is_read else spec.decided.get(test_set_key(one.name), one.digest)
            for one in self._benchmarks
        }
        seeds_hash = hash_of_set(known.seeds)
        now = BuildSpec.of(
            recipe,
            prompts,
            seeds_hash,
            spec.generations,
            asking=asking,
            digests=digests,
            paraphrase_model=self._model or spec.decided.get(PARAPHRASE_MODEL),
        )
        for place, what in compare_values(spec.as_json(), now.as_json()):
            yield Disagreement("build_spec.json", place, what, self._remedies.spec)
        told = workspace.learnt_from()
        for place, what in compare_values(told and told["origin"], {**spec.origin, **spec.layout}):
            remedy = self._remedies.differs("it", "knowledge/origin.json")
            yield Disagreement("knowledge/origin.json", place, what, remedy)
        if workspace.noted_draw(spec) != known.fingerprint:
            remedy = self._remedies.differs("it", "knowledge/origin.json")
            yield Disagreement("knowledge", "all of it", "is not what the build spec names", remedy)

    def _knowledge(
        self, workspace: Workspace, again: Workspace, run: Run, known: Knowledge
    ) -> Iterator[Disagreement]:
        if not workspace.log("extract", 0).exists():
            yield Disagreement(_EXTRACT, "all of it", "is missing", self._remedies.lost(_EXTRACT))
        try:
            relearnt = run.stop.run_to_end(relearn(known, run, again))
            relearnt.save(again.knowledge)
        except KpmathError as error:
            what = f"cannot be made again: {error}"
            yield Disagreement("knowledge", "all of it", what, self._remedies.lost(_EXTRACT))
            return
        pairs = zip(known.extractions, relearnt.extractions, strict=True)
        lost = any(now.reason and not before.reason for before, now in pairs)
        remedy = self._remedies.differs("it", "knowledge/origin.json")
        if unsure := run.lacking["same_topic"]:
            remedy = self._remedies.lost(_TOPICS)
            what = f"lacks {unsure:,} answers that the topics were made from"
            yield Disagreement(_TOPICS, "all of it", what, remedy)
        if lost:
            remedy = self._remedies.lost(_EXTRACT)
        for path in sorted(again.knowledge.glob("*.json*")):
            for place, what in compare_lines(workspace.knowledge / path.name, path):
                yield Disagreement(f"knowledge/{path.name}", place, what, remedy)
        name = "tcpm.npz"
        if FileRecord.of(workspace.knowledge / name) != FileRecord.of(again.knowledge / name):
            yield Disagreement(f"knowledge/{name}", "counts", "are not those of the practices", remedy)

    def _candidates(
        self, workspace: Workspace, again: Workspace, run: Run, known: Knowledge, spec: BuildSpec
    ) -> Iterator[Disagreement]:
        shards = range(run.recipe.build.shards)
        sealed = [number for number in shards if _is_sealed(workspace, number, spec, known)]
        run.stop.run_to_end(make_candidates(known, run, again, spec, sealed, benchmarks=self._benchmarks))
        for number in sealed:
            log = workspace.log("synthesis", number)
            if not log.exists():
                told = self._remedies.lost(_name(log, workspace))
                yield Disagreement(_name(log, workspace), "all of it", "is missing", told)
            path = workspace.shard(number)
            name = f"candidates/{path.name}"
            lost = _lacks_answers(again.shard(number)) and not _lacks_answers(path)
            self._lost = self._remedies.regenerated(number) if lost else self._lost
            remedy = self._lost if lost else self._remedies.differs("it", name)
            for place, what in compare_lines(path, again.shard(number)):
                yield Disagreement(name, place, what, remedy)
        headers = (shard_header(again.shard(number)) for number in sealed)
        self.checked["candidates"] += sum(header["rows"] for header in headers if header)
        if workspace.manifest.exists():
            for number in sorted(set(shards) - set(sealed)):
                what = "belongs to another build" if workspace.shard(number).exists() else "is missing"
                name = f"candidates/{workspace.shard(number).name}"
                yield Disagreement(name, "all of it", what, self._remedies.remade)
                run.stop.run_to_end(
                    make_candidates(known, run, again, spec, [number], benchmarks=self._benchmarks)
                )

    def _compared_tables(
        self, workspace: Workspace, again: Workspace, recipe: Recipe, known: Knowledge, spec: BuildSpec
    ) -> Iterator[Disagreement]:
        """Compare the tables, unless they were compared by what is not as it was."""
        if other := list(self._not_as_they_were(spec)):
            yield from other
        else:
            yield from self._tables(workspace, again, recipe, known, spec)

    def _not_as_they_were(self, spec: BuildSpec) -> Iterator[Disagreement]:
        """Yield a disagreement for test sets, and for a paraphrase model, that are not as they were when they decided which rows are kept."""
        others = [
            one.name for one in self._benchmarks if spec.decided.get(test_set_key(one.name)) != one.digest
        ]
        if others:
            what = (
                f"cannot be made again: {', '.join(others)} cannot be read as it was when they were written"
            )
            yield Disagreement("manifest.json", "test sets", what, self._remedies.test_sets)
        if spec.decided.get(PARAPHRASE_MODEL) != self._model:
            what = "cannot be made again: the model of paraphrases.model is not here as it was when they were written"
            yield Disagreement("manifest.json", "paraphrase model", what, self._remedies.paraphrase_model)

    def _tables(
        self, workspace: Workspace, again: Workspace, recipe: Recipe, known: Knowledge, spec: BuildSpec
    ) -> Iterator[Disagreement]:
        whole = next(workspace.damaged_results(), None) is None
        remedy = self._remedies.differs("them", "manifest.json") if whole else self._remedies.remade
        remedy = self._lost or remedy
        manifest = tabulate(recipe, again, known, spec, self._benchmarks)
        with suppress(DamagedError):
            stored = {
                key: value for key, value in (workspace.read_manifest() or {}).items() if key != "files"
            }
            for place, what in compare_values(stored, manifest):
                yield Disagreement("manifest.json", place, what, remedy)
        foreign = set(workspace.foreign())  # named as such already
        tables = {
            config: [path for path in _parquet(workspace, config) if path not in foreign]
            for config in CONFIGS
        }
        for config, paths in tables.items():
            if not paths:
                yield Disagreement(f"dataset/data/{config}", "all of it", "is missing", remedy)
                continue
            self.checked["rows"] += manifest["rows"][config]
            try:
                for path, (place, what) in compare_rows(paths, _parquet(again, config)):
                    yield Disagreement(_name(path, workspace), place, what, remedy)
            except (pa.ArrowException, OSError) as error:
                what = f"cannot be read ({error})"
                yield Disagreement(f"dataset/data/{config}", "all of it", what, remedy)
        yield from _other_files(workspace, again, remedy)


def _other_files(workspace: Workspace, again: Workspace, remedy: str) -> Iterator[Disagreement]:
    """Compare what is beside the tables: the card and the files that say where the data comes from."""
    for path in sorted(path for path in again.dataset.rglob("*") if path.is_file()):
        name = path.relative_to(again.dataset)
        stored = workspace.dataset / name
        if not stored.is_file():
            yield Disagreement(f"dataset/{name}", "all of it", "is missing", remedy)
        elif path.suffix != ".parquet":
            for place, what in islice(compare_lines(stored, path), 1):  # one line of a text says enough
                yield Disagreement(f"dataset/{name}", place, what, remedy)


def _parquet(workspace: Workspace, config: str) -> list[Path]:
    paths = sorted((workspace.dataset / "data" / config).glob("*.parquet"))
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def _is_sealed(workspace: Workspace, number: int, spec: BuildSpec, known: Knowledge) -> bool:
    """Whether a shard is one to compare: of this build, or damaged so that it is not known whose it is."""
    path = workspace.shard(number)
    return path.is_file() and (
        shard_header(path) is None or workspace.is_sealed(number, spec, known.fingerprint)
    )


def _lacks_answers(shard: Path) -> bool:
    """Whether candidates of a shard need answers that are not in the log."""
    header = shard_header(shard)
    lines = Funnel.from_json(header["funnel"]).lines() if header else []
    return any(DropReason.NOT_ASKED in line.reasons for line in lines)


def _name(path: Path, workspace: Workspace) -> str:
    return path.relative_to(workspace.folder).as_posix()


def _assert_quiet(workspace: Workspace) -> None:
    for lock in sorted(workspace.folder.rglob("*.lock")):
        if owner := owner_of(lock):
            raise InputError(f"{owner} is at work in {workspace.folder}: wait for it, then verify.")
