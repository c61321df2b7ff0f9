"""The two notes of a build folder: `build_spec.json` and `generations.json`.

They hold what cannot be made from the logs, and stand for one another: which build this is, whose answers count in it, and which
shards were begun anew. The id of a build is drawn when its folder is begun, and stands in all that is made there, because two builds
of one recipe make files of the same names, which prove themselves in either folder.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kpmath_builder.errors import InputError
from kpmath_builder.files.sealed import DamagedError, read_header, read_object
from kpmath_builder.folder.log_scan import builds_in
from kpmath_builder.folder.paths import Paths

__all__ = ["Notes", "new_build", "read_notes"]

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Notes:
    """What the notes say; None for one that is missing, damaged, or another build's."""

    spec: Json | None
    generations: Json | None
    damaged: tuple[DamagedError, ...]

    @property
    def builds(self) -> tuple[str, ...]:
        """The id of this build, and of those whose logs lay in the folder when it was begun; empty if it was not begun."""
        note = self.spec or self.generations
        return (note["build"], *note["taken over"]) if note and "build" in note else ()

    @property
    def renewals(self) -> Mapping[str, int]:
        """How often each shard was begun anew; raises `InputError` if that is not known."""
        if self.generations:
            known: Mapping[str, int] = self.generations["generations"]
            return known
        if self.spec:
            return dict(self.spec["spec"]["generations"])
        if self.damaged:
            raise InputError(
                f"{' and '.join(str(damaged.path) for damaged in self.damaged)} cannot be used ({self.damaged[0].why}), and nothing else "
                "notes which shards were begun anew: delete build_spec.json and generations.json, then run `kpmath build`, with "
                "--regenerate for the shards that were."
            )
        return {}


def read_notes(paths: Paths) -> Notes:
    """Read both notes; if they are of two builds, that one counts whose the other files are."""
    found: dict[Path, Json] = {}
    damaged: list[DamagedError] = []
    for path in (paths.spec, paths.generations):
        try:
            note = read_object(path)
        except DamagedError as error:
            damaged.append(error)
        else:
            found |= {path: note} if note is not None else {}
    builds = {note.get("build") for note in found.values()}
    own = (
        next(iter(builds), None)
        if len(builds) < 2
        else next((it for it in _makers(paths) if it in builds), None)
    )
    foreign = [path for path, note in found.items() if len(builds) > 1 and note.get("build") != own]
    damaged += [DamagedError(path, "it is another build's") for path in foreign]
    kept = {path: note for path, note in found.items() if path not in foreign}
    return Notes(kept.get(paths.spec), kept.get(paths.generations), tuple(damaged))


def new_build(paths: Paths) -> tuple[str, ...]:
    """Return an id for a build that is begun, and those of the builds whose logs lie there already."""
    return (secrets.token_hex(8), *dict.fromkeys(builds_in(paths.logs())))


def _makers(paths: Paths) -> Iterator[str]:
    """Yield the ids of the builds that made what is in the folder."""
    with suppress(DamagedError):
        yield str((read_object(paths.origin) or {}).get("build"))
    for path in sorted(paths.candidates.glob("shard-*.jsonl")):
        with suppress(DamagedError):
            yield str((read_header(path) or {}).get("build"))
    yield from builds_in(paths.logs())
