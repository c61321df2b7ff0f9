"""`kpmath audit`: the three risks of a synthetic set, bias, accuracy and robustness, looked at in one build folder.

The seeds are held in memory, the rows go by once (twice if phrases are found), each response once. No teacher is asked and nothing
in the folder is changed.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from kpmath_builder.auditing.check import AuditedRow, AuditedSeed, RiskCheck
from kpmath_builder.auditing.contamination import SeedsOfTests
from kpmath_builder.auditing.distributions import Distributions
from kpmath_builder.auditing.drawing import Drawing
from kpmath_builder.auditing.influence import Influence
from kpmath_builder.auditing.integrity import (
    Responses,
    damaged_files,
    lost_extractions,
    other_inputs,
    other_seeds,
    seed_source,
    unvouched_tables,
)
from kpmath_builder.auditing.labels import Relabelling, compare_tables
from kpmath_builder.auditing.plus import COLUMNS, NOT_LOOKED_AT, PlusRows
from kpmath_builder.auditing.report import AuditFinding, AuditReport, CheckResult, Figures, Risk, Severity
from kpmath_builder.auditing.rows import Candidates, sealed_shards, tables_of
from kpmath_builder.auditing.stated import StatedAnswers
from kpmath_builder.auditing.texts import HiddenText, Outliers
from kpmath_builder.auditing.triggers import Practices, Triggers
from kpmath_builder.auditing.votes import Votes
from kpmath_builder.curation.report import CurationReport
from kpmath_builder.dataset.weighted_votes import WeightedVotes
from kpmath_builder.errors import InputError, KpmathError
from kpmath_builder.files.sealed import DamagedError
from kpmath_builder.folder.paths import MIX_RECIPE
from kpmath_builder.folder.shards import shard_header
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.notebooks import listener_here
from kpmath_builder.progress import Listener, Reporter
from kpmath_builder.recipe import Recipe
from kpmath_builder.records import SeedProblem

__all__ = ["audit"]


def audit(folder: Path | str, *, responses: bool = True, progress: Listener | None = None) -> AuditReport:
    """Look for bias, wrong labels and poison in the folder of a build or a mix, finished or not; docs/audit.md lists what is looked for.

    Parameters
    ----------
    folder
        The folder of a build or a mix. Where it is damaged, what can be read is looked at, and the report says what could not.
    responses
        Whether the response logs are read too: every solution is read and voted on again, which takes about as long as in the build,
        and every reply is looked at.
    progress
        As for `build`.

    Raises
    ------
    InputError
        When the folder holds no build and no mix.
    """
    workspace = Workspace(Path(folder))
    if not any(
        path.exists() for path in (workspace.recipe, workspace.manifest, workspace.folder / MIX_RECIPE)
    ):
        raise InputError(workspace.no_build())
    return _Audit(workspace, Reporter(listener_here(progress))).run(responses=responses)


@dataclass
class _Audit:
    """One audit: what could be read, and what was found so far."""

    workspace: Workspace
    report: Reporter
    figures: list[Figures] = field(default_factory=list)
    findings: list[AuditFinding] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    """What could not be looked at, and why."""
    left_out: list[str] = field(default_factory=list)
    """What is not looked at by its nature, or as it was asked for, and why."""
    looked_at: dict[str, int] = field(default_factory=dict)

    def run(self, *, responses: bool) -> AuditReport:
        self.report.begin("files", 0)
        self.findings += damaged_files(self.workspace)
        self._vouched()
        recipe, knowledge = self._recipe(), self._knowledge()
        seeds = self._seeds(knowledge)
        self.looked_at["seed_problems"] = len(seeds)
        if recipe:
            self._test_problems(recipe, seeds)
        if recipe and knowledge:
            with self._reading("the inputs of the build"):
                self.findings += other_inputs(self.workspace, recipe, knowledge)
                self.findings += seed_source(recipe, knowledge)
        else:
            self.findings += other_seeds(seeds)
        self._rows(knowledge, seeds)
        if recipe and knowledge:
            self._tables(recipe)
        if responses and not self._is_mix:
            if recipe and knowledge:
                self._votes(recipe, knowledge)
            if knowledge:
                self.findings += lost_extractions(self.workspace, knowledge)
            self._responses()
        self._leave_out(responses=responses)
        order = {severity: -severity for severity in Severity}
        risks = list(Risk)
        findings = sorted(self.findings, key=lambda it: (order[it.severity], risks.index(it.risk)))
        return AuditReport(
            self.workspace.folder,
            self._state(),
            self.looked_at,
            tuple(self.figures),
            tuple(findings),
            tuple(dict.fromkeys([*self.unread, *self.left_out])),
        )

    def _vouched(self) -> None:
        """Note tables that no manifest names; those of a build are not looked at, for its candidates may be newer."""
        tables = [path for paths in tables_of(self.workspace.dataset).values() for path in paths]
        name = MIX_RECIPE if self._is_mix else self.workspace.recipe.name
        mend = f"`kpmath {'mix' if self._is_mix else 'build'} {self.workspace.folder / name}`"
        found = list(unvouched_tables(self.workspace, tables, mend))
        self.findings += found
        if found and not self._is_mix:
            self.left_out.append(
                "the tables of the build (without a manifest its candidates are looked at instead)"
            )

    @contextmanager
    def _reading(self, what: str) -> Iterator[None]:
        """Go on without what cannot be read, and note it."""
        try:
            yield
        except DamagedError as damaged:
            self.unread.append(f"{what} ({damaged.path.name}: {damaged.why})")
        except KpmathError as error:
            self.unread.append(f"{what} ({error})")

    def _recipe(self) -> Recipe | None:
        if self.workspace.recipe.exists():
            with self._reading("the recipe"):
                return self.workspace.read_recipe()
        return None

    def _knowledge(self) -> Knowledge | None:
        with self._reading("the knowledge"):
            return Knowledge.load(self.workspace)
        return None

    def _seeds(self, knowledge: Knowledge | None) -> Sequence[SeedProblem]:
        """Return the seeds, also those of knowledge that is damaged elsewhere, or of a folder that holds no more than its tables."""
        if knowledge is not None:
            return knowledge.seeds
        seeds = []
        try:
            lines = (self.workspace.knowledge / "seeds.jsonl").read_bytes().splitlines()
        except OSError:
            return []
        for line in lines[1:]:  # a header stands first
            try:
                seeds.append(SeedProblem.model_validate_json(line))
            except ValueError:
                continue
        return seeds

    def _test_problems(self, recipe: Recipe, seeds: Sequence[SeedProblem]) -> None:
        told = None
        with suppress(DamagedError):  # it is a finding of its own
            told = (self.workspace.read_manifest() or {}).get("curation")
        curation = CurationReport.from_json(told) if told else None
        compared = SeedsOfTests(seeds, recipe.test_sets, curation)
        self.findings += compared.findings()
        self.left_out += compared.unread()

    def _rows(self, knowledge: Knowledge | None, seeds: Sequence[SeedProblem]) -> None:
        of_seeds, plus = Practices(), PlusRows()
        triggers = [Triggers("questions", of_seeds), Triggers("solutions", of_seeds)]
        checks: list[RiskCheck] = [
            Distributions(),
            Influence(),
            Votes(),
            StatedAnswers(),
            HiddenText(),
            Outliers(),
            *triggers,
        ]
        practices = knowledge.practices if knowledge else []
        if knowledge and practices:
            checks.insert(1, Drawing(knowledge.tcpm, practices))
        topics = {practice.seed.id: tuple(part.topic for part in practice.topics) for practice in practices}
        for seed in seeds:
            for check in checks:
                check.seed(AuditedSeed(seed, topics.get(seed.id, ())))
        candidates = Candidates(
            self.workspace,
            {seed.id: seed.source for seed in seeds},
            finished=self._is_mix or self._is_finished(),
        )
        count = published = 0
        self.report.begin("rows", 0)
        for row in candidates():
            count, published = count + 1, published + row.published
            _show(checks, row)
        for check in triggers:
            check.again(candidates)
        plus.look(candidates.of_mix(COLUMNS))
        self.looked_at |= {"candidates": count, "published_questions": published}
        if plus.count:
            self.looked_at["rows_of_plus"] = plus.count
            self.left_out += NOT_LOOKED_AT
        self.unread += [f"all of {name} ({why})" for name, why in candidates.unreadable.items()]
        for part in (*(check.part() for check in checks), *plus.parts()):
            self._add(part)

    def _tables(self, recipe: Recipe) -> None:
        shards = sealed_shards(self.workspace, recipe.build.shards)
        if self._is_finished() and len(shards) == recipe.build.shards:
            self.report.begin("tables", 0)
            with self._reading("whether the tables are those of the candidates"):
                paths = [self.workspace.shard(number) for number in shards]
                votes = WeightedVotes.of_tables(recipe, self.workspace)
                self.findings += compare_tables(tables_of(self.workspace.dataset), paths, recipe, votes)

    def _votes(self, recipe: Recipe, knowledge: Knowledge) -> None:
        shards, spec = sealed_shards(self.workspace, recipe.build.shards), self.workspace.begun()
        if spec is None or not shards:
            return
        with self._reading("the votes"):
            relabelling = Relabelling(self.workspace, recipe, knowledge, self.report)
            headers = (shard_header(self.workspace.shard(number)) for number in shards)
            self.report.begin("votes", sum(header["rows"] for header in headers if header))
            for number in shards:
                with self._reading(f"the votes of shard {number}"):
                    relabelling.shard(number, spec)
            self.looked_at["candidates_voted_on_again"] = relabelling.done
            self.findings += relabelling.findings()

    def _responses(self) -> None:
        self.report.begin("responses", 0)
        responses = Responses(self.workspace)
        with self._reading("the responses"):
            responses.run()
        self.looked_at["responses"] = responses.read
        self.findings += responses.findings()

    def _leave_out(self, *, responses: bool) -> None:
        """Note what this audit does not look at though nothing is wrong with it."""
        if self._is_mix:
            what = "the seeds, the responses and the votes of the builds in the mix (audit each in its own folder)"
            self.left_out.append(what)
        elif not responses:
            self.left_out.append("the response logs and the votes that they make (left out as asked)")

    def _add(self, part: CheckResult) -> None:
        self.figures += part.figures
        self.findings += part.findings

    @property
    def _is_mix(self) -> bool:
        return (self.workspace.folder / MIX_RECIPE).is_file()

    def _is_finished(self) -> bool:
        """Whether there are tables; a damaged manifest still has them beside it."""
        return self.workspace.manifest.exists() and bool(tables_of(self.workspace.dataset)["scored"])

    def _state(self) -> str:
        what = "mix" if self._is_mix else "build"
        begun = (
            f"The {what} is finished."
            if self._is_finished()
            else f"The {what} is not finished: what is there was looked at."
        )
        return f"{begun} The folder is damaged, or lacks something." if self.unread else begun


def _show(checks: Sequence[RiskCheck], row: AuditedRow) -> None:
    for check in checks:
        check.row(row)
