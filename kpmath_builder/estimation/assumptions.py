"""The profile of a build of which nothing is there: real prompts from the recipe's seeds, and stated assumptions for the rest."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean

from kpmath_builder.errors import InputError
from kpmath_builder.estimation.counting import count_prompt, count_tokens
from kpmath_builder.estimation.profile import Known, PlannedTask, Profile, TaskLoad
from kpmath_builder.execution.run import Material, Run
from kpmath_builder.progress import Reporter
from kpmath_builder.prompts import Prompts, shown
from kpmath_builder.protocol import ROLE_OF, Task
from kpmath_builder.recipe import Recipe, SolutionsSettings
from kpmath_builder.records import SeedProblem

__all__ = [
    "ASSUMPTIONS",
    "ASSUMPTIONS_OF_PROGRAM",
    "EMBEDDED_AT_ONCE",
    "KEPT_OF_SOLVED",
    "QUESTIONS_PER_SECOND",
    "TOKENS_PER_SECOND",
    "assume",
    "expected_samples",
]

TOKENS_PER_SECOND = 2_000.0
"""What a model is assumed to write on one GPU; docs/gpu.md has published figures from 2,200 (32B, H100) to 13,900."""
QUESTIONS_PER_SECOND = 60.0
"""What the program that needs no model makes on one core (docs/benchmarks.md)."""
KEPT_OF_SOLVED = 0.8
"""Share of the solved questions on whose answer enough solutions agree."""
EMBEDDED_AT_ONCE = 64
"""Texts in a request to the embedding server (`client/embeddings.py`)."""

_SAMPLE = 200
"""Seeds and blueprints whose prompts are counted."""
_TOPICS_PER_SEED = 2
_KEY_POINTS_PER_TOPIC = 2
_TOPIC = "Arithmetic - Multiplication and Division"
_KEY_POINT = "The number of equal groups is the total divided by the size of a group"
_ANSWER = r"\frac{a}{b} + \sqrt{c}"
_EXTRACTION = _TOPICS_PER_SEED * (6 + 16 * _KEY_POINTS_PER_TOPIC)
_SAME_TOPIC = 10
_JUDGEMENT = 60
_QUESTION_SHARE = 0.7
_SOLUTION_SHARE = 1.5
_WORK_SHARE = 1.0
"""A judge works a question out as a solver does."""
_REASKED = 1.05
_ADAPTIVE_SHARE = 0.55
"""Of the samples, those that adaptive sampling asks for (docs/benchmarks.md: 0.38 on GSM8K, 0.62 on MATH level 5)."""
_COMPARED = 0.2
"""Requests to the referee per solved question: few questions have answers that no program can compare."""
_PAIRS_EXPONENT = 0.75
_LOG_LINE = 320
_CANDIDATE = 1_500
_SOLUTION_RECORD = 250
_TABLES_SHARE = 0.3
_SEED_ROW = 500
_KNOWLEDGE = 2_500
_CARD = 200_000


@dataclass(frozen=True, slots=True)
class _Yields:
    """Shares of those that came so far."""

    written: float
    judged: float
    kept: float


_OF_MODEL = _Yields(written=0.97, judged=0.51, kept=KEPT_OF_SOLVED)
_OF_PROGRAM = _Yields(written=0.6, judged=1.0, kept=0.9)
"""GSM8K's seeds; of the bundled ones nearly all can be joined (docs/benchmarks.md)."""

ASSUMPTIONS_OF_PROGRAM = (
    f"{_OF_PROGRAM.written:.0%} of the blueprints become questions, and all of these are judged and solved",
    f"{_OF_PROGRAM.kept:.0%} of the solved questions are kept",
)
"""In words for the user, where a program writes, judges and solves."""
ASSUMPTIONS = (
    f"a solution has {_SOLUTION_SHARE:g} times the tokens of its practices' solutions together, thinking not counted",
    f"a question has {_QUESTION_SHARE:g} times the tokens of their problems",
    f"{_OF_MODEL.written:.0%} of the questions are judged, {_OF_MODEL.judged:.0%} of these solved (as in the paper)",
    f"{_OF_MODEL.kept:.0%} of the solved questions are kept",
    f"a seed has {_TOPICS_PER_SEED} topics of {_KEY_POINTS_PER_TOPIC} key points",
    f"{_REASKED - 1:.0%} of the replies are asked for again",
)
"""In words for the user; a small build, or a preview, takes their place."""


def expected_samples(rule: SolutionsSettings) -> float:
    """Return how many solutions are asked for per question."""
    if rule.sampling == "fixed":
        return rule.samples
    return max(min(rule.min_samples, rule.samples), _ADAPTIVE_SHARE * rule.samples)


def assume(recipe: Recipe, prompts: Prompts, seeds: Sequence[SeedProblem]) -> Profile:
    """Return what a build of these seeds would be like; raises `InputError` without seeds."""
    if not seeds:
        raise InputError("There is no seed problem to plan from: correct the seeds of the recipe.")
    counter = _Counter(recipe, prompts, seeds)
    is_model = recipe.teacher_for("writer").uses_prompts
    yields = _OF_MODEL if is_model else _OF_PROGRAM
    samples = expected_samples(recipe.solutions)
    versions = 1.0 + _harder_versions(recipe, yields)
    controls = recipe.controls.share if recipe.has_controls else 0.0
    planted = recipe.controls.judge_share if recipe.has_planted else 0.0
    requests: dict[Task, float] = {
        "extract": 1.0,
        "same_topic": round(len(seeds) ** _PAIRS_EXPONENT),
        "write": 1.0,
        "work": (versions * yields.written + planted) * recipe.judging.samples,
        "judge": (versions * yields.written + planted) * recipe.judging.samples,
        "solve": (versions * yields.written * yields.judged + controls) * samples,
        **_optional(recipe, yields),
    }
    loads: dict[PlannedTask, TaskLoad] = {
        **{task: counter.load(task, per_unit) for task, per_unit in requests.items()},
        **_embedding(recipe, len(seeds)),
    }
    solved = versions * yields.written * yields.judged
    solution = loads["solve"].stored - _LOG_LINE + _SOLUTION_RECORD
    candidate = versions * _CANDIDATE + solved * samples * solution
    kept = solved * yields.kept
    return Profile(
        seeds=len(seeds),
        loads=loads,
        kept=kept,
        rows_per_kept=min(recipe.selection.solutions_per_question or samples, 0.7 * samples),
        candidate=candidate,
        tables=_TABLES_SHARE * candidate,
        base=_CARD + _SEED_ROW * len(seeds),
        knowledge=_KNOWLEDGE * len(seeds),
        yields=Known.ASSUMED,
    )


def _optional(recipe: Recipe, yields: _Yields) -> Mapping[Task, float]:
    """Return the requests per question of the tasks that only some recipes have."""
    harder = _harder_versions(recipe, yields)
    solved = (1.0 + harder) * yields.written * yields.judged
    requests: Mapping[Task, float] = {
        "compare": solved * _COMPARED,
        "attempt": solved * yields.kept * recipe.reference.samples,
        "harder": harder,
    }
    return {task: requests[task] for task in requests if task in recipe.tasks_in_play}


def _harder_versions(recipe: Recipe, yields: _Yields) -> float:
    """Return the harder versions asked for per question, if they come to an agreement as often as questions do."""
    agreed = yields.written * yields.judged * yields.kept
    return sum(agreed**number for number in range(1, recipe.questions.harder_rounds + 1))


def _embedding(recipe: Recipe, seeds: int) -> Mapping[PlannedTask, TaskLoad]:
    if recipe.topics.embedding == "lexical":
        return {}
    texts = seeds * _TOPICS_PER_SEED * _KEY_POINTS_PER_TOPIC
    tokens = EMBEDDED_AT_ONCE * (count_tokens(_KEY_POINT) + 2)
    return {"embed": TaskLoad(-(-texts // EMBEDDED_AT_ONCE), tokens, 0.0, 0.0, Known.ASSUMED)}


class _Counter:
    """Renders prompts as the build will and counts them."""

    def __init__(self, recipe: Recipe, prompts: Prompts, seeds: Sequence[SeedProblem]) -> None:
        self._run = Run(recipe, prompts, Reporter(None))
        self._recipe = recipe
        step = max(len(seeds) // _SAMPLE, 1)
        self._seeds = seeds[::step][:_SAMPLE]
        self._blueprints = list(self._draw())

    def load(self, task: Task, per_unit: float) -> TaskLoad:
        """Return a task's load."""
        settings = self._recipe.teacher_for(ROLE_OF[task])
        requests = [self._run.request(task, material, 0, 0) for material in self._materials(task)]
        prompt = fmean(
            count_prompt(request.messages, is_prompted=settings.uses_prompts) for request in requests
        )
        again = 1.0 if task in {"solve", "work", "attempt"} or not settings.uses_prompts else _REASKED
        completion = min(
            self._replies(task), self._recipe.sampled_by(ROLE_OF[task]).request_sampling.max_tokens
        )
        stored = _LOG_LINE + completion * self._bytes_per_token
        return TaskLoad(per_unit * again, prompt, completion, stored, Known.ASSUMED)

    def _replies(self, task: Task) -> float:
        match task:
            case "extract":
                return float(_EXTRACTION)
            case "same_topic" | "compare":
                return float(_SAME_TOPIC)
            case "judge":
                return float(_JUDGEMENT)
            case "work":
                return _WORK_SHARE * self._replies("solve")
            case "write" | "harder":
                return _QUESTION_SHARE * self._tokens["problem"]
            case "solve" | "attempt":
                return _SOLUTION_SHARE * self._tokens["solution"]

    @cached_property
    def _tokens(self) -> Mapping[str, float]:
        """The tokens of the problems, and of the solutions, of all practices of a blueprint together, on average."""
        return {
            name: fmean(
                sum(count_tokens(shown(str(part[name]))) for part in parts) for parts in self._blueprints
            )
            for name in ("problem", "solution")
        }

    @cached_property
    def _bytes_per_token(self) -> float:
        texts = [seed.solution for seed in self._seeds]
        return sum(len(text.encode()) for text in texts) / max(sum(map(count_tokens, texts)), 1)

    def _materials(self, task: Task) -> Iterator[Material]:
        if task == "extract":
            yield from ({"problem": seed.problem, "solution": seed.solution} for seed in self._seeds)
        elif task == "same_topic":
            topic = {"topic": _TOPIC, "key_points": [_KEY_POINT] * _KEY_POINTS_PER_TOPIC}
            yield {"first": topic, "second": topic}
        else:
            for parts in self._blueprints:
                question = {} if task == "write" else {"question": _joined(parts)}
                work = {"work": "\n".join(str(part["solution"]) for part in parts)} if task == "judge" else {}
                answers = {"first": _ANSWER, "second": _ANSWER} if task == "compare" else {}
                yield {**question, **work, **answers, "practices": parts}

    def _draw(self) -> Iterator[list[dict[str, object]]]:
        """Yield practices of blueprints: one to three of the sampled seeds, in the recipe's proportion."""
        settings = self._recipe.blueprints
        points = [_KEY_POINT] * min(_KEY_POINTS_PER_TOPIC, settings.max_key_points_per_topic)
        several = 0
        for number, _ in enumerate(self._seeds):
            count = 1
            if not _falls_on(number, settings.one_topic_share):
                count = 3 if _falls_on(several, settings.three_topics_share) else 2
                several += 1
            chosen = (self._seeds[(number + 7 * place) % len(self._seeds)] for place in range(count))
            yield [
                {"topic": _TOPIC, "key_points": points, "problem": seed.problem, "solution": seed.solution}
                for seed in chosen
            ]


def _falls_on(number: int, share: float) -> bool:
    """Return whether `number`, counted from 0, is one of those that make up a share of all."""
    return int((number + 1) * share) > int(number * share)


def _joined(parts: Sequence[Mapping[str, object]]) -> str:
    """Return a text as long as a question that is made from these practices."""
    text = " ".join(str(part["problem"]) for part in parts)
    return text[: int(len(text) * _QUESTION_SHARE)]
