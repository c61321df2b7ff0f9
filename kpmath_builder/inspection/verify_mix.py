"""Whether the folder of a mix is what its recipe makes of its sources: it is mixed again beside it, and compared."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pyarrow as pa

from kpmath_builder.dataset.schemas import PLUS
from kpmath_builder.errors import InputError, KpmathError
from kpmath_builder.files.lock import owner_of
from kpmath_builder.files.scratch import scratch
from kpmath_builder.files.sealed import DamagedError, FileRecord
from kpmath_builder.folder.proved import plain_files
from kpmath_builder.inspection.rebuild_diff import compare_lines, compare_rows, compare_values
from kpmath_builder.inspection.verify import Disagreement
from kpmath_builder.mixing.folder import MixFolder
from kpmath_builder.mixing.mix import make_mix

__all__ = ["MixVerifier"]


@dataclass
class MixVerifier:
    """Checks the folder of a mix; nothing in it is changed, and all of its sources are read again.

    Parameters
    ----------
    folder
        The folder of the mix.
    """

    folder: Path
    checked: Counter[str] = field(default_factory=Counter)
    """How many rows were looked at."""
    not_checked: str = ""
    """As of `Verifier`."""

    def run(self) -> Iterator[Disagreement]:
        """Yield every disagreement.

        Raises
        ------
        InputError
            When somebody is at work in the folder.
        """
        stored = MixFolder(self.folder)
        if owner := owner_of(self.folder / "mix.lock"):
            raise InputError(f"{owner} is at work in {self.folder}: wait for it, then verify.")
        remedy = f"`kpmath mix {stored.mix_recipe}`"
        for damaged in stored.damaged_results():
            name = damaged.path.relative_to(self.folder).as_posix()
            yield Disagreement(name, "all of it", damaged.why, remedy)
        for path in stored.foreign():
            name = path.relative_to(self.folder).as_posix()
            yield Disagreement(name, "all of it", "was not written by the mix", "remove it")
        try:
            manifest = stored.read_manifest()
            recipe = stored.read_mix_recipe()
        except DamagedError as damaged:
            if damaged.path == stored.mix_recipe:
                yield Disagreement(
                    damaged.path.name, "all of it", damaged.why, "`kpmath mix` with your own recipe"
                )
            return
        if manifest is None:
            yield Disagreement("manifest.json", "all of it", "is missing: the mix is not finished", remedy)
            return
        with scratch(self.folder) as room:
            again = MixFolder(room / "mix")
            again.folder.mkdir()
            try:
                mixed = make_mix(recipe, again, lambda _: None)
            except KpmathError as error:
                yield Disagreement("sources", "all of them", f"cannot be mixed again: {error}", remedy)
                return
            self.checked["rows"] += mixed.rows[PLUS]
            yield from _differences(stored, again, remedy)


def _differences(stored: MixFolder, again: MixFolder, remedy: str) -> Iterator[Disagreement]:
    told, made = ({**(folder.read_manifest() or {}), "files": {}} for folder in (stored, again))
    for place, what in compare_values(told, made):
        yield Disagreement("manifest.json", place, what.replace("the log makes", "the sources make"), remedy)
    here, there = (
        {path.relative_to(folder.folder): path for path in [*plain_files(folder.dataset), folder.left_out]}
        for folder in (stored, again)
    )
    for name in sorted(there.keys() - here.keys()):
        yield Disagreement(name.as_posix(), "all of it", "is missing", remedy)
    for name in sorted(there.keys() & here.keys()):
        try:
            if FileRecord.of(here[name]) != FileRecord.of(there[name]):
                place, what = _first_difference(here[name], there[name])
                yield Disagreement(name.as_posix(), place, what, remedy)
        except (DamagedError, pa.ArrowException, OSError) as error:
            yield Disagreement(name.as_posix(), "all of it", f"cannot be read ({error})", remedy)


def _first_difference(stored: Path, again: Path) -> tuple[str, str]:
    """Return the first place where two files differ; one says enough."""
    if stored.suffix == ".parquet":
        found = [difference for _, difference in islice(compare_rows([stored], [again]), 1)]
    else:
        found = list(islice(compare_lines(stored, again), 1))
    return (found[0].place, found[0].what) if found else ("all of it", "has the same rows in other bytes")
