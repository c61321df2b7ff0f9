"""Where everything lies in a build folder, its locks and its logs."""

from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path

from kpmath_builder.files.lock import Lock
from kpmath_builder.folder.log_scan import tasks_answered, unanswered
from kpmath_builder.protocol import ROLE_OF, Role, Task

__all__ = ["MIX_RECIPE", "Paths"]

MIX_RECIPE = "mix.toml"
"""Where it lies, a folder is that of a mix and no build's."""

_OF_QUESTIONS: tuple[Task, ...] = ("write", "work", "judge", "solve", "compare", "attempt", "harder")
_TASKS_OF: Mapping[str, tuple[Task, ...]] = {
    "extract": ("extract",),
    "synthesis": _OF_QUESTIONS,
    "preview": _OF_QUESTIONS,
}


class Paths:
    """Paths in a build folder, its locks and its logs.

    Parameters
    ----------
    folder
        The build folder.
    responses
        Response logs of another folder, which are then only read; a folder's own are written.
    """

    def __init__(self, folder: Path, responses: Path | None = None) -> None:
        self.folder = folder
        self.recipe = folder / "recipe.toml"
        """The whole recipe as last used, overrides included."""
        self.spec = folder / "build_spec.json"
        """What the folder is built towards, which is more than the recipe: the hashes of seeds and prompts."""
        self.generations = folder / "generations.json"
        """How often each shard was begun anew by `--regenerate`, a second time."""
        self.manifest = folder / "manifest.json"
        """Written last: where it exists, the dataset is complete."""
        self.responses = responses or folder / "responses"
        self.knowledge = folder / "knowledge"
        self.origin = self.knowledge / "origin.json"
        """Written last of the knowledge: what it is made from, and what its files are."""
        self.left_out = self.knowledge / "left_out.json"
        """Rows of the seed set that are no seed problems, by reason."""
        self.candidates = folder / "candidates"
        self.dataset = folder / "dataset"

    def make(self) -> None:
        """Make the folders; raises `OSError` where that cannot be."""
        for folder in (self.responses, self.knowledge, self.candidates):
            folder.mkdir(parents=True, exist_ok=True)

    def lock(self) -> Lock:
        """Return the lock of the small files and of the tables."""
        return Lock(self.folder / "build.lock", f"is at the tables of {self.folder}")

    def log(self, stage: str, number: int = 0) -> Path:
        """Return the path of a response log."""
        return self.responses / f"{stage}-{number:05d}.jsonl"

    def logs(self) -> list[Path]:
        """Return the paths of all response logs that are there, sorted."""
        return sorted(self.responses.glob("*.jsonl"))

    def answered(self, tasks: Collection[Task]) -> set[Role]:
        """Return the roles of which an answer to one of the tasks is in the log already."""
        found: set[Task] = set()
        for stage, of_stage in _TASKS_OF.items():  # no more is read than shows that all tasks were answered
            wanted = [task for task in of_stage if task in tasks]
            found |= tasks_answered(sorted(self.responses.glob(f"{stage}-*.jsonl")), wanted)
        return {ROLE_OF[task] for task in found}

    def unanswered(self, stage: str, number: int = 0) -> Counter[str]:
        """Return how many requests of a log were refused and how many given up, and have had no other answer since."""
        return unanswered(self.log(stage, number))

    def shard(self, number: int) -> Path:
        """Return the path of a shard of candidates."""
        return self.candidates / f"shard-{number:05d}.jsonl"
