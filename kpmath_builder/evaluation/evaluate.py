"""`evaluate`: a model on test sets, from problems to a report."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import repeat
from pathlib import Path

from kpmath_builder.errors import InputError
from kpmath_builder.evaluation.asking import Responses, ask_all, recipe_for
from kpmath_builder.evaluation.catalogue import EvalSet, open_sets
from kpmath_builder.evaluation.grading import named_answer
from kpmath_builder.evaluation.problems import hash_of_problems
from kpmath_builder.evaluation.recorded import Outputs, Recorded, open_outputs
from kpmath_builder.evaluation.report import markdown
from kpmath_builder.evaluation.result import (
    RESULTS,
    EvaluationResult,
    EvaluationSettings,
    SetResult,
    read_results,
)
from kpmath_builder.evaluation.scores import GradedProblem, graded, ks_for
from kpmath_builder.evaluation.templates import CHAT, PAPER, PromptTemplate, read_template
from kpmath_builder.files.durable import write_atomically
from kpmath_builder.files.outputs import check_output_folder
from kpmath_builder.folder.guards import check_no_build
from kpmath_builder.notebooks import listener_here
from kpmath_builder.progress import Listener, Reporter
from kpmath_builder.protocol import FINAL
from kpmath_builder.recipe.keys import public_model

__all__ = ["evaluate"]

MOST_SAMPLES = 512
MAX_TOKENS = 2048
REPORT = "report.md"
_COPIES = (
    "{:,} outputs on {} are of a server that gives one reply to different seeds: samples of a problem may be copies of each other, and "
    "pass@k and maj@k are then those of fewer."
)


def evaluate(
    model: str,
    on: str | Sequence[str],
    *,
    addresses: Sequence[str] = (),
    outputs: Path | str | None = None,
    fields: Mapping[str, str] | None = None,
    limit: int | None = None,
    samples: int = 1,
    ks: Sequence[int] = (),
    temperature: float | None = None,
    top_p: float | None = None,
    max_tokens: int = MAX_TOKENS,
    template: str | None = None,
    seed: int = 0,
    settings: Mapping[str, str] | None = None,
    folder: Path | str | None = None,
    retry_given_up: bool = False,
    progress: Listener | None = None,
) -> EvaluationResult:
    r"""Evaluate a model on test sets: PASS@1 as in the paper (section 3), or pass@k and maj@k of several samples.

    One sample is greedy. Every answer stays in the log of the folder: after a kill, the same call goes on and pays for nothing twice.

    Parameters
    ----------
    model
        Its name on the servers at `addresses`; without those a model on the Hub or in a folder, which the builder serves with vLLM; with
        `outputs` the name under which they were recorded.
    on
        Test sets: `gsm8k`, `math`, `math-500`, `svamp`, `asdiv`, `mawps`, `tabmwp` (from the Hub), `gsm8k=FILE`, or a file of one's own.
    outputs
        A file of recorded outputs to grade; nothing is asked.
    fields
        The columns of files of one's own, e.g. `{"problem": "question", "answer": "result"}`; `output` is that of recorded outputs.
    limit
        The first so many problems of each set.
    samples, ks
        Samples per problem, 1 … 512, and the k of pass@k and maj@k; by default powers of two up to `samples`.
    temperature, top_p, max_tokens
        By default 0 and 1 for one sample, 0.7 and 0.95 for several; 2,048 tokens.
    template
        `paper`, `chat`, `few-shot` or a file; by default `paper` for a model that the builder serves, `chat` for one at `addresses`.
    seed
        Of the requests and of the bootstrap.
    settings
        Keys of the table `[teacher]`, e.g. `{"teacher.python": "/opt/vllm/bin/python"}`.
    folder
        Where log, `results.json` and `report.md` are kept; by default `evaluations/` and the model's name.
    retry_given_up
        Ask again what was refused or given up in an earlier run.
    progress
        As for `build`.

    Raises
    ------
    InputError
        When a set, a file, a server or a setting is not as it should be, or the folder holds the result of another evaluation.
    BuildError
        When a server stays away; what was answered is kept, and evaluating again goes on.
    Interrupted
        After Ctrl+C or SIGTERM, once the requests under way are logged.
    """
    report = Reporter(listener_here(progress))
    columns = dict(fields or {})
    output_column = columns.pop("output", None)
    # Before the sets, which may have to be loaded.
    written = None if outputs is None else open_outputs(Path(outputs))
    if written is None and output_column is not None:
        raise InputError("--fields output=… names a column of recorded outputs: give them with --outputs.")
    wanted = open_sets([on] if isinstance(on, str) else on, columns, limit)
    target = Path(folder) if folder is not None else Path("evaluations") / _slug(model)
    if written is not None:
        asking = {
            "the address": addresses,
            "--samples": samples != 1,
            "--temperature": temperature is not None,
            "--top-p": top_p is not None,
            "--max-tokens": max_tokens != MAX_TOKENS,
            "--template": template is not None,
            "--set": settings,
            "--retry-given-up": retry_given_up,
        }
        if idle := [name for name, given in asking.items() if given]:
            raise InputError(
                f"Recorded outputs are graded as they are, and {idle[0]} would change nothing: leave {idle[0]} or --outputs out."
            )
        asked = EvaluationSettings(model, "recorded", "", 0, 0.0, 0.0, 0, seed, {}, written.digest)
        _check_folder(target, asked, wanted)
        sets = _of_outputs(
            written, wanted, model, output_column, ks=ks, seed=seed, whole=limit is None, report=report
        )
    else:
        sampling = _sampling(samples, ks, temperature, top_p, max_tokens)
        chosen = read_template(template or (CHAT if addresses else PAPER))
        recipe = recipe_for(
            model, addresses, target, template=chosen, sampling=sampling, settings=settings or {}
        )
        teacher = recipe.teacher_for("solver")
        asked = EvaluationSettings(
            model=teacher.public_name,
            template=chosen.name,
            template_hash=chosen.hash,
            samples=samples,
            seed=seed,
            extra=dict(teacher.request_fields),
            **sampling,  # type: ignore[arg-type]  # three names, as `_sampling` says
        )
        _check_folder(target, asked, wanted)
        answered = ask_all(wanted, chosen, asked, recipe, report, retry_given_up=retry_given_up)
        report.begin("grading", sum(map(len, answered)))
        sets = tuple(
            _of_responses(each, found, chosen, ks or ks_for(samples), seed=seed, report=report)
            for each, found in zip(wanted, answered, strict=True)
        )
    result = EvaluationResult(asked, sets, target)
    _write(result, target)
    return result


def _slug(model: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", public_model(model)).strip("-._") or "model"


def _sampling(
    samples: int, ks: Sequence[int], temperature: float | None, top_p: float | None, max_tokens: int
) -> dict[str, float | int]:
    if not 1 <= samples <= MOST_SAMPLES:
        raise InputError(f"--samples is {samples}: give a number from 1 to {MOST_SAMPLES}.")
    if wrong := [k for k in ks if not 1 <= k <= samples]:
        raise InputError(
            f"--k names {wrong[0]}, and there are {samples} samples of a problem: raise --samples, or lower it."
        )
    if temperature == 0 and samples > 1:
        raise InputError(
            "At temperature 0 all samples of a problem are one: ask for one sample, or raise --temperature."
        )
    several = samples > 1
    return {
        "temperature": (0.7 if several else 0.0) if temperature is None else temperature,
        "top_p": (0.95 if several else 1.0) if top_p is None else top_p,
        "max_tokens": max_tokens,
    }


def _check_folder(folder: Path, asked: EvaluationSettings, wanted: Iterable[EvalSet]) -> None:
    """Refuse a folder that is a build's or cannot be written, and to replace another evaluation, or one of more sets or samples."""
    check_no_build(folder, "--to")
    check_output_folder(folder, "--to")
    if not (folder / RESULTS).exists():
        return
    earlier = read_results(folder)
    more = asked.samples >= earlier.settings.samples  # of the same request: those that are there count
    if replace(earlier.settings, samples=asked.samples) != asked or not more:
        how = (
            "of other outputs"
            if replace(earlier.settings, outputs=asked.outputs) == asked
            else "in another way"
        )
        raise InputError(
            f"{folder} holds the evaluation of {earlier.settings.model} {how}: choose another folder with --to."
        )
    now = {each.name: hash_of_problems(each.problems) for each in wanted}
    for each in earlier.sets:
        if now.get(each.name) != each.content_hash:
            raise InputError(
                f"{folder} holds a result on {each.name} with these {len(each.problems):,} problems, which would be lost: name that set as "
                "well, or choose another folder with --to."
            )


def _of_responses(
    each: EvalSet,
    answered: Responses,
    template: PromptTemplate,
    ks: Sequence[int],
    *,
    seed: int,
    report: Reporter,
) -> SetResult:
    rows: list[GradedProblem] = []
    for problem, responses in zip(each.problems, answered, strict=True):
        answers = [
            None  # the text is the server's
            if response.finish_reason in FINAL
            else named_answer(response.text, template.headings)
            for response in responses
        ]
        rows.append(graded(problem, answers, (response.finish_reason for response in responses)))
        report.step()
    copies = sum(response.seed_ignored for responses in answered for response in responses)
    several = any(len(responses) > 1 for responses in answered)
    remarks = (_COPIES.format(copies, each.name),) if copies and several else ()
    content_hash = hash_of_problems(each.problems)
    return SetResult(each.name, each.origin, content_hash, 0, tuple(ks), seed, tuple(rows), remarks)


def _of_outputs(
    written: Outputs,
    wanted: Sequence[EvalSet],
    model: str,
    column: str | None,
    *,
    ks: Sequence[int],
    seed: int,
    whole: bool,
    report: Reporter,
) -> tuple[SetResult, ...]:
    recorded = written.of(model, wanted, column=column, whole=whole)
    report.begin("grading", sum(len(each.texts) for each in recorded))
    return tuple(
        _of_recorded(each, found, ks, seed, report) for each, found in zip(wanted, recorded, strict=True)
    )


def _of_recorded(
    each: EvalSet, recorded: Recorded, ks: Sequence[int], seed: int, report: Reporter
) -> SetResult:
    rows: list[GradedProblem] = []
    for problem in each.problems:
        if texts := recorded.texts.get(problem.id):
            rows.append(graded(problem, [*map(named_answer, texts)], repeat("recorded", len(texts))))
            report.step()
    least = min(len(row.grades) for row in rows)
    if wrong := [k for k in ks if not 1 <= k <= least]:
        raise InputError(
            f"--k names {wrong[0]}, and {each.name} has a problem with {least} outputs: lower it."
        )
    return SetResult(
        name=each.name,
        origin=each.origin,
        content_hash=hash_of_problems(each.problems),
        missing=len(each.problems) - len(rows),
        ks=tuple(ks) or ks_for(least),
        seed=seed,
        problems=tuple(rows),
        remarks=recorded.remarks,
    )


def _write(result: EvaluationResult, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(
            folder / RESULTS, (json.dumps(result.as_json(), indent=1, ensure_ascii=False) + "\n").encode()
        )
        write_atomically(folder / REPORT, markdown(result).encode())
    except OSError as error:
        raise InputError(
            f"The folder {folder} cannot be written ({error.strerror}): choose another with --to."
        ) from None
