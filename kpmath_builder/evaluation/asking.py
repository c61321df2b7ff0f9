"""Asking a model all problems of the sets: the same log, window and teachers as a build."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from kpmath_builder.errors import InputError
from kpmath_builder.evaluation.catalogue import EvalSet
from kpmath_builder.evaluation.problems import EvalProblem
from kpmath_builder.evaluation.result import EvaluationSettings
from kpmath_builder.evaluation.templates import PromptTemplate
from kpmath_builder.execution.run import Run
from kpmath_builder.execution.teachers import Teachers
from kpmath_builder.execution.window import run_window
from kpmath_builder.folder.log import ResponseLog, open_log
from kpmath_builder.progress import Reporter
from kpmath_builder.prompts import Prompts
from kpmath_builder.protocol import Request, Response
from kpmath_builder.randomness import seed_of
from kpmath_builder.recipe import Recipe
from kpmath_builder.recipe.files import overridden
from kpmath_builder.stopping import Stop, stop_on_signals

__all__ = ["ask_all", "recipe_for"]

Responses = Sequence[Sequence[Response]]
"""Of one set: for each problem, its samples."""

_PASSED_ON = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
"""A chat template that adds nothing: the model continues the text that it is given."""
_CONTINUED: Mapping[str, Any] = {"chat_template": _PASSED_ON, "add_special_tokens": True}
_TRUSTED = "--trust-request-chat-template"
_ROLES = ("extraction", "questions", "judging", "solutions")


def recipe_for(
    model: str,
    addresses: Sequence[str],
    folder: Path,
    *,
    template: PromptTemplate,
    sampling: Mapping[str, float | int],
    settings: Mapping[str, str],
) -> Recipe:
    """Return the recipe whose solver is the model that is evaluated.

    Parameters
    ----------
    addresses
        Servers of the model; none: the builder's own engine serves it.
    sampling
        `temperature`, `top_p` and `max_tokens`.
    settings
        Keys of the table `[teacher]` by their dotted names, as with `--set`.

    Raises
    ------
    InputError
        If a setting is not of `[teacher]`, or a value cannot be.
    """
    if foreign := [name for name in settings if not name.startswith("teacher.") or name == "teacher.kind"]:
        raise InputError(
            f"--set {foreign[0]} has no effect on an evaluation: set keys of the model alone, e.g. teacher.in_flight=64."
        )
    own: dict[str, Any] = {"kind": "vllm"}
    if addresses:  # no reply is held to a regular expression, so the server need take none
        own = {"kind": "openai", "addresses": list(addresses), "structured_outputs": "none"}
    tree: dict[str, Any] = {"name": "evaluation", "teacher": {"model": model, **own}}

    def completed(tree: Mapping[str, Any]) -> Recipe:
        teacher = dict(tree["teacher"])
        if template.is_raw:
            teacher["extra"] = {**_CONTINUED, **dict(teacher.get("extra", {}))}
            if not addresses:
                teacher["arguments"] = [*teacher.get("arguments", ()), _TRUSTED]
        # All roles have the solver's limit: the longest reply of any decides what context a server must have.
        limits = {table: {"max_tokens": sampling["max_tokens"]} for table in _ROLES}
        fixed = {"teacher": teacher, "solutions": dict(sampling), "build": {"folder": str(folder)}}
        return Recipe.of({**tree, **limits, **fixed})

    return overridden(tree, settings, completed)


def ask_all(
    sets: Sequence[EvalSet],
    template: PromptTemplate,
    settings: EvaluationSettings,
    recipe: Recipe,
    report: Reporter,
    *,
    retry_given_up: bool = False,
) -> list[Responses]:
    """Return the model's outputs to all problems of all sets; what the log of the folder holds is not asked again.

    Raises
    ------
    InputError
        When a server does not answer, does not serve the model, or the folder cannot be written.
    BuildError
        When a server stays away; what was answered is kept.
    Interrupted
        After Ctrl+C or SIGTERM, once the requests under way are logged.
    """
    folder = recipe.build.folder / "responses"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"The folder {recipe.build.folder} cannot be written ({error.strerror}): choose another with --to."
        ) from None
    with (
        stop_on_signals(recipe.build.grace, report.note) as stop,
        open_log(folder / "evaluation.jsonl", report.note) as log,
    ):
        found = stop.run(
            _ask(
                sets,
                template,
                settings,
                recipe,
                report=report,
                stop=stop,
                log=log,
                retry_given_up=retry_given_up,
            )
        )
    report.engine = str  # it is closed, and what follows is graded without it
    return found


async def _ask(
    sets: Sequence[EvalSet],
    template: PromptTemplate,
    settings: EvaluationSettings,
    recipe: Recipe,
    *,
    report: Reporter,
    stop: Stop,
    log: ResponseLog,
    retry_given_up: bool,
) -> list[Responses]:
    answered: dict[tuple[int, int], list[Response]] = {}
    from_log = 0
    async with Teachers(recipe, report.note, stop) as teachers:
        report.engine = teachers.load
        run = Run(recipe, Prompts.load(None), report, teachers, stop, retry_given_up=retry_given_up)

        def request_for(name: str, problem: EvalProblem) -> Request:
            return _request(name, problem, template, settings, recipe)

        async def ask(place: tuple[int, int], name: str, problem: EvalProblem) -> None:
            nonlocal from_log
            request = request_for(name, problem)
            responses, fresh = await run.responses(
                request, range(settings.samples), log, f"{name}/{problem.id}"
            )
            answered[place] = responses
            from_log += not fresh
            report.step(resumed=not fresh)

        jobs = [
            partial(ask, (number, index), each.name, problem)
            for number, each in enumerate(sets)
            for index, problem in enumerate(each.problems)
        ]
        keys = (request_for(each.name, problem).key(0) for each in sets for problem in each.problems)
        if any(log.get(key) is None for key in keys):
            await teachers.teacher(
                "solver"
            )  # a server that is not there is found before anything else is said
        report.begin("evaluation", len(jobs))
        await run_window(recipe.window, jobs, stop)
    if from_log:
        # The log knows models by their names, and a server may serve another one by now.
        report.note(
            f"{from_log:,} of {len(jobs):,} problems were answered in an earlier run, and not asked again: if {settings.model} is "
            "another model by now, choose another folder with --to."
        )
    found: list[Responses] = [
        [answered[number, index] for index in range(len(each.problems))] for number, each in enumerate(sets)
    ]
    if template.is_raw and not _continued(found):
        report.note(
            f"The server does not say that it is vLLM, and another may have put the template {template.name!r} into a chat template of its "
            "own: use --template chat with it, or a vLLM server."
        )
    return found


def _request(
    name: str, problem: EvalProblem, template: PromptTemplate, settings: EvaluationSettings, recipe: Recipe
) -> Request:
    teacher = recipe.teacher_for("solver")
    fields = teacher.fields("solve")
    return Request(
        task="solve",
        model=teacher.model_name,
        messages=template.messages(problem.question),
        sampling=recipe.sampled_by("solver").request_sampling,
        seed=seed_of(settings.seed, f"{name}/{problem.id}", "evaluation"),
        extra=fields,
        stop=() if "stop" in fields else template.stop,
    )


def _continued(found: Sequence[Responses]) -> bool:
    """Whether the answers come from vLLM, which heeds the template that a request brings or refuses it."""
    prints = {response.fingerprint for each in found for samples in each for response in samples} - {""}
    return bool(prints) and all(name.startswith("vllm") for name in prints)
