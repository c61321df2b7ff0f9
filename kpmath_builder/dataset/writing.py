"""From sealed candidates to the folder that `load_dataset` reads."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from kpmath_builder.curation.paraphrase_model import ParaphraseModel
from kpmath_builder.curation.report import CurationReport
from kpmath_builder.dataset.deciding import Decider
from kpmath_builder.dataset.facts import CardFacts, TaskFacts
from kpmath_builder.dataset.provenance import sources_of
from kpmath_builder.dataset.tables import TableCounts, write_tables
from kpmath_builder.folder.shards import read_beside, read_candidates
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.prompts import Prompts
from kpmath_builder.protocol import ROLE_OF, Role, Sampling, Task
from kpmath_builder.recipe import KeyKind, Player, Recipe, TeacherSettings
from kpmath_builder.recipe.private import hide_private
from kpmath_builder.records import Candidate, SeedProblem, Solution
from kpmath_builder.seeds.benchmarks import Benchmark

__all__ = ["RowBudget", "write_dataset"]

_SAID_BY_MODEL = frozenset({"stop", "length"})
_NOT_IN_CARD = frozenset({KeyKind.FREE, KeyKind.SEEDS})
_HUB_IDS = {"openai/gsm8k": "openai/gsm8k", "hendrycks/math": "EleutherAI/hendrycks_math"}


def write_dataset(
    recipe: Recipe,
    workspace: Workspace,
    knowledge: Knowledge,
    fingerprint: str,
    benchmarks: Sequence[Benchmark] = (),
    *,
    model: ParaphraseModel | None = None,
) -> tuple[TableCounts, CurationReport]:
    """Decide over the candidates and write the three tables with their card, replacing the dataset folder."""
    decider = Decider(recipe, workspace, knowledge, benchmarks, model)
    shards = [workspace.shard(number) for number in range(recipe.build.shards)]
    prompts = Prompts.of(recipe)
    hide = hide_private(recipe)
    decided = decider.decide(lambda: read_candidates(shards), lambda: read_beside(shards))
    decisions, labels, checks = decided.decisions, decided.labels, decider.checks
    decisions.report.baseline = checks.baseline()
    budget = RowBudget(decider.selection.published, recipe.build.rows)
    candidates = map(decided.decide, read_candidates(shards))
    written = write_tables(
        workspace.dataset,
        name=recipe.name,
        fingerprint=fingerprint,
        seeds=checks.seeds,
        extractions=[
            it.model_copy(update={"reason": hide(it.reason)}) if it.reason else it
            for it in knowledge.extractions
        ],
        practices=knowledge.practices,
        candidates=budget.needed(
            _hidden(decisions.without_withheld(candidate), hide) for candidate in candidates
        ),
        select=budget.published,
        facts=_facts(recipe, prompts, checks.seeds, decisions.report),
        labels=labels.report,
        provenance=sources_of(recipe, prompts),
        thinks=recipe.selection.reasoning == "think",
    )
    return written, decisions.report


class RowBudget:
    """Selects solutions until so many rows are there, the first ones; candidates after the last row are left out.

    Parameters
    ----------
    select
        The solutions to publish of a kept candidate.
    rows
        How many in all; None: as many as there are.
    """

    def __init__(self, select: Callable[[Candidate], Sequence[Solution]], rows: int | None) -> None:
        self._select = select
        self._left = rows

    def needed(self, candidates: Iterable[Candidate]) -> Iterator[Candidate]:
        """Yield the candidates up to the one that gives the last row; `published` is called for each kept one before the next is taken."""
        for candidate in candidates:
            yield candidate
            if self._left == 0:
                return

    def published(self, candidate: Candidate) -> Sequence[Solution]:
        """Return the solutions of a kept candidate that become rows."""
        solutions = self._select(candidate)[: self._left]
        if self._left is not None:
            self._left -= len(solutions)
        return solutions


def _hidden(candidate: Candidate, hide: Callable[[str], str]) -> Candidate:
    """Return the candidate without private words in what is a server's and not a model's: why there is no reply."""
    if not candidate.detail and all(its.finish_reason in _SAID_BY_MODEL for its in candidate.solutions):
        return candidate
    solutions = (
        its if its.finish_reason in _SAID_BY_MODEL else its.model_copy(update={"text": hide(its.text)})
        for its in candidate.solutions
    )
    return candidate.model_copy(update={"detail": hide(candidate.detail), "solutions": tuple(solutions)})


def _facts(
    recipe: Recipe, prompts: Prompts, seeds: Sequence[SeedProblem], report: CurationReport
) -> CardFacts:
    models: dict[str, str] = {role: settings.public_name for role, settings in recipe.teachers.items()}
    return CardFacts(
        models=models,
        recipe=_settings(recipe),
        tasks=_tasks(recipe, prompts),
        licence=_licence(seeds),
        curation=report,
        source_datasets=sorted({_HUB_IDS[seed.source] for seed in seeds if seed.source in _HUB_IDS}),
    )


def _asked(recipe: Recipe) -> list[Task]:
    """Return the tasks that the card speaks of."""
    return [task for task in recipe.tasks_in_play if task != "same_topic"]


def _settings(recipe: Recipe) -> dict[str, object]:
    """Return the public settings; a program has no temperature."""
    meaningless = {
        f"{recipe.table_of(ROLE_OF[task])}.{name}"
        for task in _asked(recipe)
        if all(_is_program(settings) for settings in _teachers_of(recipe, ROLE_OF[task]))
        for name in Sampling.__slots__
    }
    return {
        key.name: key.value
        for key in recipe.public()
        if key.kind not in _NOT_IN_CARD and key.name not in meaningless
    }


def _is_program(settings: TeacherSettings) -> bool:
    return settings.kind == "symbolic"


def _teachers_of(recipe: Recipe, role: Role) -> list[TeacherSettings]:
    return [player.settings for player in recipe.players if player.role == role]


def _tasks(recipe: Recipe, prompts: Prompts) -> list[TaskFacts]:
    tasks = []
    for task, player in _questions_to(recipe):
        sampling = player.sampling
        said = f"temperature {sampling.temperature}, top-p {sampling.top_p}, at most {sampling.max_tokens:,} tokens"
        times = {
            "solve": f"; {_samples(recipe, player)}",
            "attempt": f"; {recipe.reference.samples} samples",
        }.get(task, "")
        if _is_program(player.settings):
            said = "none: a program"
        own = prompts.of_solvers.get(player.solver) if player.solver else None
        prompt = own.hash if own else prompts.hashes[task]
        tasks.append(TaskFacts(task, player.settings.public_name, said + times, prompt))
    return tasks


def _questions_to(recipe: Recipe) -> Iterator[tuple[Task, Player]]:
    """Yield each task that is asked with each one who is asked it."""
    for task in _asked(recipe):
        yield from ((task, player) for player in recipe.players if player.role == ROLE_OF[task])


def _samples(recipe: Recipe, player: Player) -> str:
    rule = recipe.solutions
    if player.solver:
        turns = [turn.solver for turn in recipe.turns(rule.samples)]
        return f"{turns.count(player.solver)} of at most {rule.samples} samples"
    if rule.sampling == "fixed":
        return f"{rule.samples} samples"
    return f"{min(rule.min_samples, rule.samples)} to {rule.samples} samples, until the vote is decided"


def _licence(seeds: Iterable[SeedProblem]) -> str:
    """Return the licence of the seed texts that are published, `other` if they have several."""
    licences = {seed.licence for seed in seeds if seed.shareable}
    return licences.pop() if len(licences) == 1 else "other" if licences else "mit"
