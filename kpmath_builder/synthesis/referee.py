"""The referee: a model is asked about answers that no program can compare (`consensus.referee`)."""

from collections.abc import Sequence

from kpmath_builder.execution.ask import Ask
from kpmath_builder.prompts.replies import SameTopicReply

__all__ = ["MOST_PAIRS", "Referee"]

MOST_PAIRS = 4
"""Pairs of answers that are put to the referee per question."""

Pair = tuple[str, str]


class Referee:
    """What the referee says of the answers to one question; each pair is asked about once.

    Two answers are equal only if it says so whichever stands first: a model that always says the same, or prefers what it reads first or
    last, decides nothing.
    """

    def __init__(self, question: str, ask: Ask) -> None:
        self._question = question
        self._ask = ask
        self.verdicts: dict[Pair, bool] = {}
        """Pair of answers to whether they are equal."""

    @property
    def united(self) -> tuple[Pair, ...]:
        """The pairs that were found equal."""
        return tuple(pair for pair, same in self.verdicts.items() if same)

    @property
    def left(self) -> int:
        """How many pairs may still be asked about."""
        return MOST_PAIRS - len(self.verdicts)

    async def look_at(self, pairs: Sequence[Pair]) -> bool:
        """Ask about pairs of answers; return whether one was found equal.

        Raises
        ------
        NotAskedError
            If nobody may be asked and the log lacks an answer.
        """
        fresh = [pair for pair in pairs if pair not in self.verdicts][: self.left]
        for pair in fresh:
            self.verdicts[pair] = await self._says_same(*pair) and await self._says_same(*pair[::-1])
        return any(self.verdicts[pair] for pair in fresh)

    async def _says_same(self, first: str, second: str) -> bool:
        material = {"question": self._question, "first": first, "second": second}
        reply = await self._ask.reply("compare", material, SameTopicReply)
        return reply.value is not None and reply.value.same
