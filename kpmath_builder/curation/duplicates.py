"""Finding, among many rows, those that repeat an earlier one."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from kpmath_builder.curation.forms import FORMS, Forms
from kpmath_builder.curation.repeat import Repeat, RepeatKind

__all__ = ["find_repeats"]


def find_repeats(
    rows: Iterable[tuple[str, str]],
    *,
    scratch: Path,
    memory: int = 1 << 30,
    workers: int = 1,
    kept: frozenset[RepeatKind] = frozenset(),
) -> Mapping[str, Repeat]:
    """Return which rows repeat an earlier one, and how.

    A row is compared with the earlier rows that stay: rows that repeat none, or only in one of the ways `kept`.

    Parameters
    ----------
    rows
        Id and text of each, in the order of preference.
    scratch
        A folder for what does not fit into the memory; the caller removes it.
    memory
        Bytes that may be used for keys and candidates.
    workers
        Processes that read the texts; the result does not depend on them.
    kept
        Kinds of repeats that do not make a row go.
    """
    del scratch, memory, workers
    found: dict[str, Repeat] = {}
    places: list[dict[int, str]] = [{} for _ in FORMS]
    for name, text in rows:
        keys = Forms.of(text).keys
        hits = (
            (place, places[place].get(keys[place] or 0))
            for place in range(len(FORMS))
            if keys[place] is not None
        )
        repeat = next((Repeat(FORMS[place], of, 1.0, "") for place, of in hits if of is not None), None)
        if repeat is not None:
            found[name] = repeat
        if repeat is None or repeat.kind in kept:
            for known, key in zip(places, keys, strict=True):
                if key is not None:
                    known.setdefault(key, name)
    return found
