"""The build's tables as one folder that `load_dataset` and the Hub read: README.md and data/CONFIG/*.parquet."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from kpmath_builder.controls.report import LabelReport
from kpmath_builder.dataset.card import FIGURES, make_card
from kpmath_builder.dataset.example import Example
from kpmath_builder.dataset.facts import CardFacts
from kpmath_builder.dataset.parquet import ConfigWriter, WrittenConfig
from kpmath_builder.dataset.provenance import PROVENANCE, build_file, funnel_file
from kpmath_builder.dataset.rows import extraction_rows, pair_rows, scored_row
from kpmath_builder.dataset.schemas import CONFIGS, SCHEMAS
from kpmath_builder.dataset.tally import Tally
from kpmath_builder.files.durable import staged_folder
from kpmath_builder.funnel import Funnel
from kpmath_builder.knowledge.cooccurrence import Tcpm
from kpmath_builder.records import Candidate, Extraction, Practice, SeedProblem, Solution, Stage

__all__ = ["TableCounts", "write_tables"]


@dataclass(frozen=True, slots=True)
class TableCounts:
    """What was written per config, and the funnel of the candidates that went by."""

    configs: Mapping[str, WrittenConfig]
    funnel: Funnel
    without_reasoning: int
    """Rows of `qa-pairs` that have none."""
    labels: LabelReport
    """What is known of the truth of the labels."""

    @property
    def rows(self) -> dict[str, int]:
        """Rows per config."""
        return {config: written.rows for config, written in self.configs.items()}


def write_tables(
    folder: Path,
    *,
    name: str,
    fingerprint: str,
    seeds: Sequence[SeedProblem],
    extractions: Sequence[Extraction],
    practices: Sequence[Practice],
    candidates: Iterable[Candidate],
    select: Callable[[Candidate], Sequence[Solution]],
    facts: CardFacts,
    labels: Callable[[], LabelReport] = LabelReport,
    provenance: Mapping[str, bytes] | None = None,
    thinks: bool = False,
    rows_per_file: int = 100_000,
) -> TableCounts:
    """Write the three configs and their card; `folder` is the old whole one until it is the new whole one.

    Parameters
    ----------
    folder
        Replaced with everything in it.
    name
        Name of the dataset; becomes `source` in `qa-pairs`.
    fingerprint
        Identifies the build; stands in the card.
    candidates
        Sorted by id; taken one by one, so that memory does not grow with their number.
    select
        The solutions to publish of a kept candidate.
    facts
        What the card says beyond what the rows tell.
    labels
        Returns what is known of the truth of the labels, once all candidates went by.
    provenance
        Further files by their paths in `folder`.
    thinks
        Whether the assistant of `messages` says what was thought before the solution.

    Raises
    ------
    ValueError
        Where candidates or seeds do not come with strictly ascending ids. `folder` stays as it was.
    """
    sources = {seed.id: seed.source for seed in seeds}
    funnel, tally, example = Funnel(), Tally(), Example()
    without_reasoning = 0
    with staged_folder(folder) as staged, ExitStack() as stack:
        writers = {
            config: ConfigWriter(staged / "data" / config, SCHEMAS[config], rows_per_file)
            for config in CONFIGS
        }
        for writer in writers.values():
            stack.enter_context(closing(writer))
        for row in extraction_rows(seeds, extractions, practices):
            writers["kp-extraction"].add(row)
        for candidate in candidates:
            funnel.add(candidate)
            writers["scored"].add(scored_row(candidate, sources=sources))
            chosen = select(candidate) if candidate.stage is Stage.KEPT else ()
            tally.add(candidate, len(chosen))
            for row in pair_rows(candidate, chosen, name=name, sources=sources, thinks=thinks):
                writers["qa-pairs"].add(row)
                example.add(row)
                without_reasoning += row["reasoning"] is None
        written = {config: writer.finish() for config, writer in writers.items()}
        known = labels()
        card = make_card(
            facts,
            name=name,
            fingerprint=fingerprint,
            written=written,
            seeds=seeds,
            funnel=funnel,
            labels=known,
            example=example.row,
        )
        pictures = tally.pictures(Tcpm.from_practices(practices))
        files = {
            "README.md": card.encode(),
            **{f"{FIGURES}/{picture}": data for picture, data in pictures.items()},
            f"{PROVENANCE}/build.json": build_file(name, fingerprint, written),
            f"{PROVENANCE}/funnel.json": funnel_file(funnel),
            **(provenance or {}),
        }
        for path, data in files.items():
            (staged / path).parent.mkdir(parents=True, exist_ok=True)
            (staged / path).write_bytes(data)
    return TableCounts(written, funnel, without_reasoning, known)
