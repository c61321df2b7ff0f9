"""What the pictures of the card count, gathered while the rows go by."""

from collections import Counter
from collections.abc import Sequence

from kpmath_builder.dataset.svg import bars, heat_map
from kpmath_builder.knowledge.cooccurrence import Tcpm
from kpmath_builder.records import Candidate, Stage

__all__ = ["Tally"]

_BINS = 10
_TOPICS_SHOWN = 30


class Tally:
    """Published pairs by topic, and candidates by the share of the vote behind their answer."""

    def __init__(self) -> None:
        self.pairs: Counter[str] = Counter()
        self.shares: Counter[tuple[int, bool]] = Counter()

    def add(self, candidate: Candidate, published: int) -> None:
        """Count a candidate and the number of pairs that were published of it."""
        for topic in {part.topic for part in candidate.blueprint.parts} if published else ():
            self.pairs[topic] += published
        if candidate.vote:
            share = min(int(candidate.vote.share * _BINS), _BINS - 1)
            self.shares[share, candidate.stage is Stage.KEPT] += 1

    def pictures(self, tcpm: Tcpm) -> dict[str, bytes]:
        """Return the pictures of the card by their file names."""
        drawn = {"topics": self._topics(), "votes": self._votes(), "tcpm": _tcpm(tcpm)}
        return {f"{name}.svg": picture.encode() for name, picture in drawn.items()}

    def _topics(self) -> str:
        most = sorted(self.pairs.items(), key=lambda item: (-item[1], item[0]))
        shown = [(topic, (count,)) for topic, count in most[:_TOPICS_SHOWN]]
        caption = (
            f"the {len(shown)} most frequent of {len(most)}" if len(most) > len(shown) else f"all {len(most)}"
        )
        return bars(f"Pairs by topic ({caption}; a pair has up to three topics)", shown, ("pairs",))

    def _votes(self) -> str:
        rows = [
            (f"{number / _BINS:.1f} to {(number + 1) / _BINS:.1f}", self._kept_and_dropped(number))
            for number in range(_BINS)
        ]
        return bars("Candidates by the share of the vote behind their answer", rows, ("kept", "dropped"))

    def _kept_and_dropped(self, number: int) -> Sequence[int]:
        return self.shares[number, True], self.shares[number, False]


def _tcpm(tcpm: Tcpm) -> str:
    order = sorted(range(len(tcpm.topics)), key=lambda i: (-tcpm.values[i].sum(), tcpm.topics[i]))
    chosen = order[:_TOPICS_SHOWN]
    values = tcpm.values[chosen][:, chosen].tolist()
    labels = [tcpm.topics[i] for i in chosen]
    caption = f"{len(chosen)} of {len(order)} topics" if len(order) > len(chosen) else f"{len(order)} topics"
    return heat_map(
        f"Topics that occur together in seed problems ({caption})", labels, values, "log10(problems + 1)"
    )
