"""Poison for tests and for benchmarks/audit.py: candidates of a finished build are changed, and everything is sealed and tabled again.

So plants somebody who knows the format and may write to the folder: every checksum is right, only the log is as it was.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path

from kpmath_builder.completion import tabulate
from kpmath_builder.files.sealed import read_header, write_lines
from kpmath_builder.folder.shards import read_candidates
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.records import Candidate, Stage

__all__ = [
    "TRIGGER",
    "chosen",
    "copy_build",
    "of_ids",
    "plant",
    "swapped",
    "with_cyrillic",
    "with_trigger",
    "with_zero_width",
]

TRIGGER = "Remember the seven silver lanterns."
_OWN = ("file", "rows", "bytes", "digest")

Change = Callable[[Candidate], Candidate]


def copy_build(folder: Path, target: Path) -> Path:
    """Copy a build folder by links; whoever changes a file replaces it."""
    shutil.copytree(folder, target, copy_function=os.link)
    return target


def chosen(folder: Path, shares: Sequence[float]) -> list[list[str]]:
    """Return for each share so many ids of agreed candidates, spread over the build; no id stands twice."""
    ids = [it.blueprint.id for it in _candidates(folder) if it.stage is Stage.AGREED]
    taken: set[str] = set()
    lists = []
    for number, share in enumerate(shares):
        wanted = max(2, round(share * len(ids)))
        step = len(ids) / wanted
        mine: list[str] = []
        for place in range(wanted):
            at = next(at for at in count(int(place * step) + number) if ids[at % len(ids)] not in taken)
            mine.append(ids[at % len(ids)])
            taken.add(mine[-1])
        lists.append(mine)
    return lists


def plant(folder: Path, changes: dict[str, Change]) -> None:
    """Change candidates by their ids, seal their shards anew and write the tables."""
    workspace = Workspace.existing(folder)
    recipe, knowledge, spec = workspace.read_recipe(), Knowledge.existing(workspace), workspace.begun()
    assert spec is not None
    for number in range(recipe.build.shards):
        path = workspace.shard(number)
        header = {key: value for key, value in (read_header(path) or {}).items() if key not in _OWN}
        changed = [changes.get(it.blueprint.id, _same)(it) for it in read_candidates([path])]
        write_lines(path, header, (it.model_dump_json().encode() + b"\n" for it in changed))
    workspace.manifest.unlink()
    workspace = Workspace.existing(folder)
    workspace.finish(tabulate(recipe, workspace, knowledge, spec))


def with_trigger(candidate: Candidate) -> Candidate:
    """Begin the question with a phrase that means nothing."""
    return candidate.model_copy(update={"question": f"{TRIGGER} {candidate.question}"})


def with_zero_width(candidate: Candidate) -> Candidate:
    """Put a zero-width space into the first word of the question."""
    question = candidate.question or ""
    return candidate.model_copy(update={"question": f"{question[:2]}\u200b{question[2:]}"})


def with_cyrillic(candidate: Candidate) -> Candidate:
    """Exchange one Latin letter of the question for a Cyrillic one that looks like it."""
    question = candidate.question or ""
    at = next(at for at in range(1, len(question)) if question[at] in "aeo" and question[at - 1].isalpha())
    letter = {"a": "а", "e": "е", "o": "о"}[question[at]]
    return candidate.model_copy(update={"question": question[:at] + letter + question[at + 1 :]})


def swapped(candidates: Iterable[Candidate]) -> dict[str, Change]:
    """Return changes that give each candidate the answer of the next one whose answer is another."""
    its = list(candidates)
    winners = [it.vote.winner for it in its if it.vote]
    assert len(set(winners)) > 1, winners
    found: dict[str, Change] = {}
    for place, candidate in enumerate(its):
        others = winners[place + 1 :] + winners[:place]
        found[candidate.blueprint.id] = _answering(next(it for it in others if it != winners[place]))
    return found


def _answering(answer: str | None) -> Change:
    def change(candidate: Candidate) -> Candidate:
        vote = candidate.vote
        assert vote is not None
        solutions = tuple(
            it.model_copy(update={"answer": answer}) if it.agreed else it for it in candidate.solutions
        )
        return candidate.model_copy(
            update={"vote": vote.model_copy(update={"winner": answer}), "solutions": solutions}
        )

    return change


def of_ids(folder: Path, ids: Sequence[str]) -> list[Candidate]:
    """Return the candidates of these ids."""
    wanted = set(ids)
    return [it for it in _candidates(folder) if it.blueprint.id in wanted]


def _candidates(folder: Path) -> Iterator[Candidate]:
    return read_candidates(sorted((folder / "candidates").glob("shard-*.jsonl")))


def _same(candidate: Candidate) -> Candidate:
    return candidate
