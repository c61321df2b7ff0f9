"""The build's tables as one folder that `load_dataset` and the Hub read: README.md and data/CONFIG/*.parquet."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from kpmath_builder.durable import staged_folder
from kpmath_builder.funnel import Funnel
from kpmath_builder.publishing.card import CardFacts, make_card
from kpmath_builder.publishing.parquet import ConfigWriter, WrittenConfig
from kpmath_builder.publishing.rows import extraction_rows, pair_rows, scored_row
from kpmath_builder.records import Candidate, Extraction, Practice, SeedProblem, Solution, Stage
from kpmath_builder.schemas import CONFIGS, SCHEMAS

__all__ = ["TableCounts", "write_tables"]


@dataclass(frozen=True, slots=True)
class TableCounts:
    """What was written per config, and the funnel of the candidates that went by."""

    configs: Mapping[str, WrittenConfig]
    funnel: Funnel

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

    Raises
    ------
    ValueError
        Where candidates or seeds do not come with strictly ascending ids. `folder` stays as it was.
    """
    sources = {seed.id: seed.source for seed in seeds}
    funnel = Funnel()
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
            writers["scored"].add(scored_row(candidate))
            chosen = select(candidate) if candidate.stage is Stage.KEPT else ()
            for row in pair_rows(candidate, chosen, name=name, sources=sources):
                writers["qa-pairs"].add(row)
        written = {config: writer.finish() for config, writer in writers.items()}
        card = make_card(
            facts, name=name, fingerprint=fingerprint, written=written, seeds=seeds, funnel=funnel
        )
        (staged / "README.md").write_text(card, encoding="utf-8", newline="\n")
    return TableCounts(written, funnel)
