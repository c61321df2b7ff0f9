"""What the card says beyond what the rows tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kpmath_builder.curation.report import CurationReport

__all__ = ["CardFacts", "TaskFacts"]


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """How one task was put to a model; `sampling` in words, `prompt` the tagged hash of the prompt file."""

    task: str
    model: str
    sampling: str
    prompt: str


@dataclass(frozen=True)
class CardFacts:
    """What a build knows of itself."""

    models: Mapping[str, str]
    """Role (extractor, writer, judge, solver and others in play) to model."""
    recipe: Mapping[str, object] = field(default_factory=dict)
    """Settings and values, in the order in which they are shown."""
    tasks: Sequence[TaskFacts] = ()
    curation: CurationReport = field(default_factory=CurationReport)
    """What the questions repeat."""
    licence: str = "mit"
    """Id of the Hub's list; `other` where parts have different licences."""
    pretty_name: str = ""
    language: str = "en"
    source_datasets: Sequence[str] = ()
    """Hub ids of the seed sets."""
    limits: Sequence[str] = ()
    """Further sentences under "Known limits"."""
