"""Commands that look at a build."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from kpmath_builder.cli.application import app
from kpmath_builder.cli.options import Folder, Json, Quiet
from kpmath_builder.cli.output import open_display, print_json, say
from kpmath_builder.errors import BuildError, InputError


@app.command()
def status(folder: Folder, json: Json = False) -> None:
    """Show how far a build is, shard by shard, and its funnel."""
    from kpmath_builder.inspection.status import read_status

    found = read_status(folder)
    if json:
        print_json({"folder": str(folder), **found.as_json()})
        return
    with open_display(quiet=False, json=False) as display:
        display.status(found)


@app.command()
def verify(
    folder: Annotated[Path | None, typer.Argument(metavar="FOLDER", help="A build folder.")] = None,
    *,
    repo: Annotated[
        str, typer.Option(metavar="OWNER/NAME", help="Check a published version instead of a folder.")
    ] = "",
    version: Annotated[str, typer.Option(metavar="X.Y.Z", help="Which version, with --repo.")] = "",
    repair: Annotated[
        bool,
        typer.Option("--repair", help="First make again, from the log alone, what is damaged in the folder."),
    ] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Make everything of a build again from its log alone, or a mix from its sources, and name each place that differs.

    With --repo and --version instead: download a published version and compare every file with its checksum.
    """
    if (folder is None) != bool(repo) or bool(repo) != bool(version) or (repo and repair):
        raise InputError("Give a build folder, or --repo and --version of what is published.")
    if folder is None:
        _verify_published(repo, version, quiet=quiet, json=json)
        return
    _verify_folder(folder, repair=repair, quiet=quiet, json=json)


def _verify_folder(folder: Path, *, repair: bool, quiet: bool, json: bool) -> None:
    from kpmath_builder.inspection.verify import Disagreement, Verifier, sentences_of
    from kpmath_builder.inspection.verify_mix import MixVerifier
    from kpmath_builder.mixing.folder import is_mix
    from kpmath_builder.pipeline import repair as mend

    if repair and is_mix(folder):
        raise InputError(f"{folder} is a mix, which `kpmath mix` makes again: leave --repair out.")
    found: list[Disagreement] = []

    def noted(disagreements: Iterator[Disagreement]) -> Iterator[Disagreement]:
        for disagreement in disagreements:
            found.append(disagreement)
            yield disagreement

    with open_display(quiet=quiet, json=json) as display:
        if repair:
            mend(folder, progress=display)
        verifier = MixVerifier(folder) if is_mix(folder) else Verifier(folder, display)
        for sentence in sentences_of(noted(verifier.run())):
            display.say(sentence)
        if verifier.not_checked:
            display.say(verifier.not_checked)
        if not quiet:
            what = "disagreement" if len(found) == 1 else "disagreements"
            looked = ", ".join(f"{count:,} {what}" for what, count in verifier.checked.items())
            display.say(f"{len(found):,} {what} in {looked or 'nothing'}.")
    if json:
        disagreements = [disagreement.as_json() for disagreement in found]
        checked = {what.replace(" ", "_"): count for what, count in verifier.checked.items()}
        print_json(
            {
                "folder": str(folder),
                "disagreements": disagreements,
                "checked": checked,
                "not_checked": verifier.not_checked,
            }
        )
    if found:
        raise typer.Exit(1)


def _verify_published(repo: str, version: str, *, quiet: bool, json: bool) -> None:
    from huggingface_hub.utils.tqdm import disable_progress_bars

    from kpmath_builder.publishing.checking import verify_published

    disable_progress_bars("huggingface_hub.http_get")  # one a file
    problems = verify_published(repo, version)
    if json:
        print_json({"repo": repo, "version": version, "problems": problems})
    for problem in problems:
        say(problem, err=quiet or json)
    if problems:
        raise typer.Exit(1)
    if not (quiet or json):
        say(f"{repo} {version}: every file is as it was published.")


@app.command()
def explain(
    folder: Folder,
    row_id: Annotated[str, typer.Argument(metavar="ROW_ID", help="An id of any of the three tables.")],
    json: Json = False,
) -> None:
    """Show the way from a row back to its seeds, prompts and responses."""
    from kpmath_builder.inspection.explain import explain as explained

    explanation = explained(folder, row_id)
    if json:
        print_json({"folder": str(folder), **explanation.as_json()})
        return
    for line in explanation.lines():
        say(line)


@app.command()
def audit(
    folder: Folder,
    *,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the whole report there, as Markdown.")
    ] = None,
    fail_on: Annotated[
        str,
        typer.Option(
            metavar="SEVERITY",
            help="Exit with 1 from this severity on: info, notice, warning, critical, or never.",
        ),
    ] = "critical",
    skip_responses: Annotated[
        bool,
        typer.Option(
            "--skip-responses", help="Do not read the response logs: quicker, and no vote is made again."
        ),
    ] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Look for bias, wrong labels and poison in a build. Nothing in it is changed and no server is asked."""
    from kpmath_builder.auditing.audit import audit as run
    from kpmath_builder.auditing.markdown import as_markdown
    from kpmath_builder.auditing.report import Severity
    from kpmath_builder.files.durable import write_atomically
    from kpmath_builder.files.outputs import check_output_file
    from kpmath_builder.folder.guards import check_apart

    limit = None if fail_on == "never" else Severity.parse(fail_on)
    if output is not None:
        check_apart(output, folder, "--output")
        check_output_file(output, "--output")
    with open_display(quiet=quiet, json=json) as display:
        report = run(folder, responses=not skip_responses, progress=display)
    if output is not None:
        try:
            write_atomically(output, as_markdown(report).encode())
        except OSError as error:
            raise BuildError(
                f"{output} cannot be written ({error.strerror}): make room, or give another file."
            ) from None
    if json:
        print_json(report.as_json())
    elif not quiet:
        for line in report.lines():
            say(line)
    if limit is not None and report.at_least(limit):
        raise typer.Exit(1)
