"""What is known or assumed of a build before it is planned: how much each task asks and answers, and what is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from kpmath_builder.protocol import Task

__all__ = ["Known", "PlannedTask", "Profile", "TaskLoad"]

PlannedTask = Literal[Task, "embed"]


class Known(StrEnum):
    """Where a number of a plan comes from."""

    ASSUMED = "assumed"
    """Prompts counted as they will be sent, lengths of replies and yields assumed."""
    MEASURED = "measured"
    """From answers in the build folder."""


@dataclass(frozen=True, slots=True)
class TaskLoad:
    """What one task asks for each of its units: a seed problem (extract), the whole build (same_topic, embed), or a question."""

    requests: float
    """Per unit; below 1 if not every question comes so far, above 1 with several samples or attempts."""
    prompt: float
    """Tokens read per request."""
    completion: float
    """Tokens written per request."""
    stored: float
    """Bytes in the response log per request."""
    known: Known


@dataclass(frozen=True, slots=True)
class Profile:
    """What a plan is made from; the sizes are bytes."""

    seeds: int
    loads: Mapping[PlannedTask, TaskLoad]
    kept: float
    """Questions kept, per question asked for."""
    rows_per_kept: float
    """Rows of `qa-pairs` per question kept."""
    candidate: float
    """Of a candidate, per question asked for."""
    tables: float
    """In the dataset, per question asked for."""
    base: float
    """In the dataset, whatever the number of questions."""
    knowledge: float
    """In the folder's knowledge."""
    yields: Known
    measured_questions: int = 0
    """How many questions the measured numbers rest on."""
    done: int = 0
    """Questions of the folder that have come to their end."""
    rates: Mapping[str, float] = field(default_factory=dict)
    """Model to the tokens that one of its servers wrote in a second, if that was measured."""
