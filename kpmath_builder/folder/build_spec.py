"""What a build folder is being built towards: everything that its tables depend on, key by key.

A change means one of three things. What the questions are drawn from (`origin`) is one per folder: a change is refused; `seeds` names
the keys of a change of the seeds. What
they are asked with (`asked`) may change: answers are found by the request itself, so only what a change touches is asked
anew. What is made of the answers (`decided`) may change and asks nothing.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from importlib.metadata import version
from typing import Any

from kpmath_builder.folder.outside import outside
from kpmath_builder.prompts import Prompts
from kpmath_builder.protocol import ROLE_OF, canonical_json
from kpmath_builder.recipe import KeyKind, Recipe

__all__ = ["ASKING", "PARAPHRASE_MODEL", "SEEDS_HASH", "BuildSpec", "Keys", "differences", "test_set_key"]

Keys = Mapping[str, Any]

SEEDS_HASH = "the seeds' hash"
ASKING = "answers may be asked for"
PARAPHRASE_MODEL = "the paraphrase model"
"""Key of the digest of the model that paraphrases are found by, if there is one."""
_TEST_SET = "the test set "
_OF_TABLES = (
    _TEST_SET,
    PARAPHRASE_MODEL,
    "consensus.weights",
    "paraphrases.",
    "selection.",
    "seed_repeats.",
    "contamination.",
    "duplicates.",
)
"""Beginnings of what only the tables depend on: a change leaves the shards of candidates as they are."""
_OF_REFEREE = ("roles.referee.", "referee.", "the prompt of compare")
"""Beginnings of what is asked only if `consensus.referee` is true."""


@dataclass(frozen=True)
class BuildSpec:
    """The parts of a build spec; equal specs make equal tables."""

    origin: Keys
    layout: Keys
    asked: Keys
    decided: Keys
    generations: Mapping[str, int] = field(default_factory=dict)
    """Shard to how often it was begun anew by `--regenerate`; shards that never were are left out."""
    seeds: Keys = field(default_factory=dict)
    """How the seeds were read. What was read decides, and its hash is part of `origin`: this only names what changed it."""

    @classmethod
    def of(
        cls,
        recipe: Recipe,
        prompts: Prompts,
        seeds_hash: str,
        generations: Mapping[str, int],
        *,
        asking: bool,
        digests: Mapping[str, str] | None = None,
        paraphrase_model: str | None = None,
    ) -> "BuildSpec":
        """Return the build spec of a recipe.

        Parameters
        ----------
        asking
            False if only answers that are there may be used.
        digests
            Of each test set, by its name: equal tables need equal sets.
        paraphrase_model
            Digest of the model that paraphrases are found by; None if the recipe names none.
        """
        sets = {test_set_key(name): digest for name, digest in (digests or {}).items()}
        model = {} if paraphrase_model is None else {PARAPHRASE_MODEL: paraphrase_model}
        now = {ASKING: asking, "the version of kpmath-builder": version("kpmath-builder")}
        return cls(
            origin={SEEDS_HASH: seeds_hash, **_all_of(KeyKind.DRAW, recipe, prompts)},
            layout=_all_of(KeyKind.LAYOUT, recipe, prompts),
            asked={**_all_of(KeyKind.ASKED, recipe, prompts), **outside(recipe)},
            decided={**_all_of(KeyKind.DECISION, recipe, prompts), **now, **sets, **model},
            generations=generations,
            seeds=_all_of(KeyKind.SEEDS, recipe, prompts),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the build spec as JSON values; `BuildSpec(**…)` reads it back."""
        return asdict(self)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of what decides the tables; the layout does not."""
        generations = {"generations": self.generations, **self.layout} if self.generations else {}
        return _hash([self.origin, self.asked, self.decided, generations])

    def header(self, shard: int, draw: str) -> dict[str, Any]:
        """Return what a shard of candidates begins with when it was made towards this build spec.

        `draw` is the fingerprint of the knowledge that its blueprints are drawn from.
        """
        return {
            "shard": shard,
            **self.layout,
            "generation": self.generation(shard),
            "build spec": _hash([self.origin, self.asked, self._decided_of_shards]),
            "draw": draw,
        }

    @property
    def _decided_of_shards(self) -> Keys:
        """What is decided in the shards; all of it if the tables decide how many questions are drawn."""
        counts_rows = self.decided.get("build.rows") is not None
        return self.decided if counts_rows else _without(self.decided, _OF_TABLES)

    def generation(self, shard: int) -> int:
        """Return how often a shard was begun anew."""
        return self.generations.get(str(shard), 0)

    def changes(self, since: "BuildSpec") -> Iterator[str]:
        """Yield what is now asked otherwise than `since`, as "key was X and is now Y".

        Whether a referee is asked at all is a decision; what it is asked with matters only if it was asked before and is now.
        """
        before, now = since.asked, self.asked
        both = {
            key
            for key in (*before, *now)
            if not key.startswith(_OF_REFEREE) or key in before.keys() & now.keys()
        }
        return differences(_only(before, both), _only(now, both))

    def changes_of_seeds(self, since: "BuildSpec | None") -> Iterator[str]:
        """Yield why the seeds are others than `since`, as far as keys of the recipe say so."""
        named = list(differences(since.seeds, self.seeds)) if since and since.seeds else []
        yield from named or ["the seed problems are others, or are read otherwise, than they were"]

    def decisions(self, since: "BuildSpec") -> Iterator[str]:
        """Yield what is now decided otherwise than `since`, as "key was X and is now Y"."""
        before, now = ({**spec.decided, ASKING: None} for spec in (since, self))
        return differences(before, now)


def test_set_key(name: str) -> str:
    """Return the key of a test set's digest among what is decided."""
    return f"{_TEST_SET}{name}"


def _only(keys: Keys, names: Collection[str]) -> Keys:
    return {name: value for name, value in keys.items() if name in names}


def _without(keys: Keys, beginnings: tuple[str, ...]) -> Keys:
    return {name: value for name, value in keys.items() if not name.startswith(beginnings)}


def differences(before: Keys, now: Keys) -> Iterator[str]:
    """Yield each key whose value changed, as "key was X and is now Y"."""
    for key in [*before, *(key for key in now if key not in before)]:
        if before.get(key) != now.get(key):
            yield f"{key} was {_shown(before.get(key))} and is now {_shown(now.get(key))}"


def _all_of(kind: KeyKind, recipe: Recipe, prompts: Prompts) -> Keys:
    """Return the keys of one kind and the prompts that belong to it, as they come back from JSON."""
    used = {
        f"the prompt of {task}": prompts.hashes[task]
        if recipe.teacher_for(ROLE_OF[task]).uses_prompts
        else "none, the material itself"
        for task in recipe.tasks(kind)
    }
    if recipe.solvers and "the prompt of solve" in used:
        del used["the prompt of solve"]
        used |= {f"the prompt of solver {name}": _prompt_of(name, recipe, prompts) for name in recipe.solvers}
    keys: Keys = json.loads(json.dumps({**recipe.keys(kind), **used}))
    return keys


def _prompt_of(solver: str, recipe: Recipe, prompts: Prompts) -> str:
    if not recipe.teacher_for("solver", solver).uses_prompts:
        return "none, the material itself"
    own = prompts.of_solvers.get(solver)
    return own.hash if own else prompts.hashes["solve"]


def _hash(value: object) -> str:
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:16]


def _shown(value: object) -> str:
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:20] + "…")
    text = "unset" if value is None else repr(value)
    return text if len(text) <= 40 else text[:20] + "…"
