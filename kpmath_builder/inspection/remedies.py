"""What mends each thing that `kpmath verify` finds: a command, or what to do by hand where only a person can decide."""

import shlex
from pathlib import Path

__all__ = ["Remedies"]


class Remedies:
    """Sentences for one build folder; each names a command in backticks, or what to do by hand."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        place = shlex.quote(str(folder))
        self._repair = f"`kpmath verify {place} --repair`"
        self._build = f"`kpmath build {place}/recipe.toml`"

    @property
    def test_sets(self) -> str:
        """For tables that were compared with a test set which is not here, or another by now."""
        place = shlex.quote(str(self._folder))
        return f"go online, or give the set as it was as a file in contamination.sets; `kpmath rescore {place}` compares with what is there"

    @property
    def paraphrase_model(self) -> str:
        """For tables that were compared by a paraphrase model which is not here, or another by now."""
        place = shlex.quote(str(self._folder))
        return (
            "install the extra `kpmath-builder[paraphrases]` and bring the model back to its place, or name another: "
            f"`kpmath rescore {place} --set paraphrases.model=…` compares by that"
        )

    @property
    def remade(self) -> str:
        """For what is damaged or gone, and follows from the log."""
        return f"{self._repair} makes it again from the log"

    @property
    def log(self) -> str:
        """For lines of a log that cannot be read."""
        return f"{self._repair} sets it aside"

    @property
    def exchanged(self) -> str:
        """For a log of another build."""
        return "bring this folder's own back from a copy, or delete it to ask its requests anew"

    @property
    def recipe(self) -> str:
        """For a recipe that is not the one that was written."""
        return "`kpmath build` with the recipe that this folder was built with writes it again"

    @property
    def spec(self) -> str:
        """For a build spec that is whole and not that of the recipe."""
        return f"{self._build} notes it anew and makes the tables that belong to it"

    @property
    def foreign(self) -> str:
        """For what no build wrote."""
        return "move it out of the folder"

    def differs(self, name: str, note: str) -> str:
        """For a file that is whole and not what the log makes; `note` is the file that vouches for it."""
        return f"delete {self._folder / note}, then {self._repair} makes {name} again from the log"

    def regenerated(self, shard: int) -> str:
        """For candidates whose answers are not in the log any more."""
        return (
            f"the log lacks answers that it was made from, and it stays as it is; `kpmath build {shlex.quote(str(self._folder))}/recipe.toml "
            f"--shards {shard} --regenerate` asks everything of this shard anew"
        )

    def lost(self, log: str) -> str:
        """For knowledge that the log does not make any more."""
        return f"bring {self._folder / log} back from a copy; the tables stay as they are"
