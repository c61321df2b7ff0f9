"""Whether seeds, prompts, responses and tables are those that the manifest, the build spec and their own checksums name."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from json import JSONDecoder
from pathlib import Path

from kpmath_builder.auditing.characters import CharacterFault, character_faults
from kpmath_builder.auditing.check import Hits
from kpmath_builder.auditing.instructions import instructions_in
from kpmath_builder.auditing.report import ROWS_NAMED, AuditFinding, Risk, Severity
from kpmath_builder.errors import KpmathError
from kpmath_builder.files.sealed import DamagedError, is_whole
from kpmath_builder.folder.build_spec import ASKING, SEEDS_HASH, BuildSpec, differences
from kpmath_builder.folder.damage import FOREIGN, damage
from kpmath_builder.folder.log import build_of
from kpmath_builder.folder.log_scan import lines_of
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.prompts import Prompts
from kpmath_builder.recipe import Recipe
from kpmath_builder.records import SeedProblem
from kpmath_builder.seeds import hash_of_problem, hash_of_set, load_seeds

__all__ = [
    "Responses",
    "damaged_files",
    "lost_extractions",
    "other_inputs",
    "other_seeds",
    "seed_source",
    "unvouched_tables",
]

_DECODER = JSONDecoder()
_RESPONSE = b',"response":'
_ROBUSTNESS, _CRITICAL = Risk.ROBUSTNESS, Severity.CRITICAL


def damaged_files(workspace: Workspace) -> Iterator[AuditFinding]:
    """Yield the files of the folder that are not those that were written; of tables without a recipe beside them, those alone."""
    damaged = damage(workspace) if workspace.recipe.exists() else _damaged_tables(workspace)
    found = list({_name(it.path, workspace.folder): it.why for it in damaged}.items())
    if found:
        said = "; ".join(f"{name} ({why})" for name, why in found[:5])
        more = f" and {len(found) - 5:,} more" if len(found) > 5 else ""
        yield AuditFinding(
            "file-changed",
            _ROBUSTNESS,
            _CRITICAL,
            len(found),
            f"Files that are not those that the build wrote: {said}{more}.",
            "Keep a copy if you want to know who changed them; `kpmath verify FOLDER` names what mends each.",
            tuple(name for name, _ in found[:ROWS_NAMED]),
        )


def _damaged_tables(workspace: Workspace) -> Iterator[DamagedError]:
    yield from workspace.damaged_results()
    for path in workspace.foreign():
        yield DamagedError(path, FOREIGN)


def unvouched_tables(workspace: Workspace, tables: Sequence[Path], mend: str) -> Iterator[AuditFinding]:
    """Yield that there are tables and no manifest that says whether they are those that were written; `mend` writes one."""
    if tables and not workspace.manifest.exists():
        yield AuditFinding(
            "manifest-missing",
            _ROBUSTNESS,
            Severity.WARNING,
            len(tables),
            "There are tables in dataset/ and no manifest.json, so that nothing vouches for them.",
            f"{mend} writes both, and leaves alone what is whole; until then nothing can be published.",
            tuple(_name(path, workspace.folder) for path in tables[:ROWS_NAMED]),
        )


def lost_extractions(workspace: Workspace, knowledge: Knowledge) -> Iterator[AuditFinding]:
    """Yield the seed problems whose topics rest on responses that the log of the extraction does not hold."""
    path = workspace.log("extract", 0)
    answered = {address_of(line) for line in lines_of(path)} if path.is_file() else set()
    hits = Hits()
    for extraction in knowledge.extractions:
        if extraction.tokens.requests and extraction.seed_id not in answered:
            hits.add(extraction.seed_id)
    yield from hits.finding(
        "responses-missing",
        Risk.ACCURACY,
        _CRITICAL,
        f"Seed problems whose topics and key points rest on responses that {path.name} does not hold: {{count}}.",
        "Bring the log back from a copy; without it nobody can show where the topics come from.",
    )


def other_inputs(workspace: Workspace, recipe: Recipe, knowledge: Knowledge) -> Iterator[AuditFinding]:
    """Yield where seeds or prompts are not those of the build spec, and seeds whose text is not that of their hash."""
    spec = workspace.begun()
    if spec is not None:
        prompts = Prompts.of(recipe)
        now = BuildSpec.of(
            recipe,
            prompts,
            hash_of_set(knowledge.seeds),
            spec.generations,
            asking=spec.decided.get(ASKING, True),
        )
        yield from _unlike(spec, now, len(knowledge.seeds))
    yield from other_seeds(knowledge.seeds)


def _unlike(spec: BuildSpec, now: BuildSpec, seeds: int) -> Iterator[AuditFinding]:
    """Yield seeds that are not those of the build spec, which somebody exchanged, and prompts, which a new version may have brought."""
    if spec.origin.get(SEEDS_HASH) != now.origin[SEEDS_HASH]:
        yield AuditFinding(
            "seeds-exchanged",
            _ROBUSTNESS,
            _CRITICAL,
            seeds,
            "The seeds in knowledge/ are not those that the build spec names.",
            "`kpmath verify FOLDER` says what mends it; compare the seeds with their source.",
        )
    ours = {SEEDS_HASH: now.origin[SEEDS_HASH]}
    changed = [*differences({**spec.origin, **ours}, now.origin), *differences(spec.asked, now.asked)]
    if changed:
        yield AuditFinding(
            "prompt-changed",
            _ROBUSTNESS,
            Severity.WARNING,
            len(changed),
            f"What models would be asked with now is not what they were asked with: {'; '.join(changed[:3])}.",
            "If you installed another version or changed a prompt, that is it; the prompts of this build are in dataset/provenance/.",
        )


def other_seeds(seeds: Sequence[SeedProblem]) -> Iterator[AuditFinding]:
    """Yield the seeds whose text is not that of their hash."""
    hits = Hits()
    for seed in seeds:
        if seed.content_hash != hash_of_problem(seed.problem, seed.solution):
            hits.add(seed.id)
    yield from hits.finding(
        "seed-changed",
        _ROBUSTNESS,
        _CRITICAL,
        "Seed problems that are not those that their content hash names: {count}.",
        "Their text was changed after it was read: compare it with its source, then build in a new folder.",
    )


def seed_source(recipe: Recipe, knowledge: Knowledge) -> Iterator[AuditFinding]:
    """Yield how the seed file on this machine differs from what the build read; a set of the Hub is not fetched again."""
    path = recipe.seeds.path
    if path is None or not Path(path).is_file():
        return
    try:
        now = {seed.id: seed.content_hash for seed in load_seeds(**dict(recipe.seeds)).problems}
    except KpmathError as error:
        now, unreadable = {}, str(error)
    else:
        unreadable = ""
    then = {seed.id: seed.content_hash for seed in knowledge.seeds}
    unlike = sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name))
    if not unlike:
        return
    said = (
        f"cannot be read any more ({unreadable})"
        if unreadable
        else f"has other problems than the build read: {len(unlike):,}"
    )
    yield AuditFinding(
        "seed-file-changed",
        _ROBUSTNESS,
        _CRITICAL,
        len(unlike),
        f"The seed file {Path(path).name} {said}.",
        "Compare it with its source. If the change is meant, build in a new folder; if not, ask since when it has been there.",
        tuple(unlike[:ROWS_NAMED]),
    )


class Responses:
    """One pass over all lines of all logs: checksums, whose they are, and what stands in replies that no table shows."""

    def __init__(self, workspace: Workspace) -> None:
        self.read = 0
        """Lines that were read."""
        self._workspace = workspace
        self._damaged: Counter[str] = Counter()
        self._foreign: Counter[str] = Counter()
        self._instructions, self._hidden = Hits(), Hits()

    def run(self) -> None:
        """Read the logs."""
        builds = self._workspace.builds
        for path in self._workspace.logs():
            for line in lines_of(path):
                if not line.endswith(b"\n"):
                    break  # somebody may be writing it
                self.read += 1
                if not is_whole(line):
                    self._damaged[path.name] += 1
                    continue
                build = build_of(line)
                self._foreign[path.name] += bool(build and builds and build not in builds)
                self._look(line, path.stem)

    def _look(self, line: bytes, log: str) -> None:
        """Look for instructions and controls in a reply."""
        text = _reply(line.partition(_RESPONSE)[2])
        address = f"{log} {address_of(line)}"
        if found := next(instructions_in(text), None):
            self._instructions.add(address, f"{found[0]}: “{found[1]}”")
        if not text.isascii() and (bidirectional := next(_commanding(text), None)):
            self._hidden.add(address, bidirectional)

    def findings(self) -> Iterator[AuditFinding]:
        """Yield what was found."""
        for name, counter, what in (
            ("log-damaged", self._damaged, "do not have the checksum that was written with them"),
            ("log-foreign", self._foreign, "were written for another build"),
        ):
            count = counter.total()
            if count:
                yield AuditFinding(
                    name,
                    _ROBUSTNESS,
                    _CRITICAL,
                    count,
                    f"Responses in {', '.join(sorted(+counter))} that {what}: {count:,}.",
                    "`kpmath verify FOLDER` names the lines; `--repair` sets damaged ones aside, and `kpmath build` asks them again.",
                    tuple(sorted(+counter))[:ROWS_NAMED],
                )
        yield from self._instructions.finding(
            "reply-instruction",
            _ROBUSTNESS,
            Severity.WARNING,
            "Replies of models with words that speak to a model: {count}, e.g. {example}.",
            "Rows are named by log and number: `kpmath explain` shows what was asked. What was published is found as `instruction`.",
        )
        yield from self._hidden.finding(
            "reply-control",
            _ROBUSTNESS,
            Severity.WARNING,
            "Replies of models with characters that change how a text reads: {count}, e.g. {example}.",
            "A prompt, a seed or the server brought them in: look at one with `kpmath explain`.",
        )


def address_of(line: bytes) -> str:
    """Return for whom the response of a line was asked."""
    told = line.partition(_RESPONSE)[0].rpartition(b'"for":')[2].decode(errors="replace")
    try:
        return str(json.loads(told))
    except ValueError:
        return told


def _commanding(text: str) -> Iterator[str]:
    for fault, what in character_faults(text):
        if fault in {CharacterFault.BIDIRECTIONAL, CharacterFault.TAG}:
            yield what


def _reply(body: bytes) -> str:
    """Return what a response says; "" for one that is no JSON."""
    try:
        value, _ = _DECODER.raw_decode(body.decode(errors="replace"))
    except ValueError:
        return ""
    return (
        "\n".join(str(value.get(name, "")) for name in ("text", "reasoning"))
        if isinstance(value, dict)
        else ""
    )


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
