"""The command that evaluates a model, or compares two evaluations."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from kpmath_builder.cli.application import app
from kpmath_builder.cli.options import Json, Quiet, pairs
from kpmath_builder.cli.output import going_on_after_signals, open_display, print_json, say
from kpmath_builder.errors import InputError

_COMPARE = "compare"
_ADDRESSES = ("http://", "https://", "unix:")


@app.command()
def evaluate(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL|ADDRESS… | compare A B",
            help="A model that vLLM serves here, or one or more servers of it; or `compare` and the folders of two evaluations.",
        ),
    ],
    *,
    on: Annotated[
        str,
        typer.Option(
            "--on",
            metavar="SETS",
            help="gsm8k, math, math-500, svamp, asdiv, mawps, tabmwp, NAME=FILE or FILE; several with commas.",
        ),
    ] = "",
    model: Annotated[
        str,
        typer.Option("--model", metavar="NAME", help="With an address: the model as the server lists it."),
    ] = "",
    outputs: Annotated[
        Path | None,
        typer.Option("--outputs", metavar="FILE", help="Grade these recorded outputs; ask nothing."),
    ] = None,
    fields: Annotated[
        str,
        typer.Option(
            "--fields",
            metavar="MAP",
            help="Columns of your own file: problem=question,answer=result; of outputs: output=text.",
        ),
    ] = "",
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", help="The first N problems of each set.")
    ] = None,
    samples: Annotated[int, typer.Option("--samples", metavar="N", help="Per problem.")] = 1,
    k: Annotated[
        str,
        typer.Option(
            "--k", metavar="LIST", help="The k of pass@k and maj@k, e.g. 1,4,16; by default powers of two."
        ),
    ] = "",
    temperature: Annotated[
        float | None, typer.Option(metavar="T", help="By default 0 for one sample, 0.7 for several.")
    ] = None,
    top_p: Annotated[
        float | None,
        typer.Option("--top-p", metavar="P", help="By default 1 for one sample, 0.95 for several."),
    ] = None,
    max_tokens: Annotated[int, typer.Option("--max-tokens", metavar="N", help="Longest output.")] = 2048,
    template: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE", help="paper, chat, few-shot or a file; by default paper, at an address chat."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Of the samples and of the bootstrap.")] = 0,
    folder: Annotated[
        Path | None,
        typer.Option("--to", metavar="FOLDER", help="For log and results.", show_default="evaluations/MODEL"),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="A key of the table teacher of recipes, e.g. teacher.in_flight=64; repeatable.",
        ),
    ] = None,
    retry_given_up: Annotated[
        bool,
        typer.Option("--retry-given-up", help="Ask again what was refused or given up in an earlier run."),
    ] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Measure PASS@1, pass@k and maj@k of a model on test sets, or compare two evaluations."""
    if what[0] == _COMPARE:
        _compare(what[1:], on=on, quiet=quiet, json=json)
        return
    if not on:
        raise InputError("Name the test sets with --on, e.g. --on gsm8k,math.")
    from kpmath_builder.evaluation.catalogue import read_fields
    from kpmath_builder.evaluation.evaluate import evaluate as run

    name, addresses = _model(what, model)
    with going_on_after_signals(err=quiet or json), open_display(quiet=quiet, json=json) as display:
        result = run(
            name,
            [on] if Path(on).exists() else on.split(","),  # a comma may stand in a file's name
            addresses=addresses,
            outputs=outputs,
            fields=read_fields(fields) if fields else None,
            limit=limit,
            samples=samples,
            ks=_ks(k),
            temperature=temperature,
            top_p=top_p,
            max_tokens=max_tokens,
            template=template,
            seed=seed,
            settings=pairs(settings),
            folder=folder,
            retry_given_up=retry_given_up,
            progress=display,
        )
    if json:
        print_json(result.summary())
        return
    _print(result.lines(), quiet=quiet)
    if not quiet:
        say(f"Tables and the answers that the rules disagree on: {result.folder}/report.md")


def _model(what: Sequence[str], model: str) -> tuple[str, list[str]]:
    """Return the model's name and the addresses of its servers."""
    addresses = [word for word in what if word.startswith(_ADDRESSES)]
    if not addresses:
        if len(what) > 1 or model:
            raise InputError("Give one model, or the addresses of its servers with --model NAME.")
        return what[0], []
    if len(addresses) < len(what) or not model:
        raise InputError("With an address, name the model as the server lists it: --model NAME.")
    return model, addresses


def _ks(text: str) -> list[int]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    if wrong := [word for word in words if not (word.isdecimal() and len(word) < 4)]:
        raise InputError(f"--k {wrong[0][:40]} is not a number of samples: write it like --k 1,4,16.")
    return sorted({int(word) for word in words})


def _compare(folders: Sequence[str], *, on: str, quiet: bool, json: bool) -> None:
    if len(folders) != 2 or on:
        raise InputError("Give two folders: kpmath evaluate compare FOLDER FOLDER.")
    from kpmath_builder.evaluation.compare import compare

    found = compare(*folders)
    if json:
        print_json(found.as_json())
        return
    _print(found.lines(), quiet=quiet)


def _print(lines: Iterable[str], *, quiet: bool) -> None:
    for line in lines if not quiet else ():
        say(line)
