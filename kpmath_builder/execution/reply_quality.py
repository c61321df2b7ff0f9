"""What becomes of replies over a whole run: a model that fails alike again and again is quoted to the user at once."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

from kpmath_builder.prompts.reply_reading import Repair
from kpmath_builder.protocol import ROLE_OF, Request, Response, Role, Task

__all__ = ["ReplyQuality"]

IN_A_ROW = 20
"""Different requests of one task whose replies were not readable, none readable in between, after which the user hears of it."""
LONGEST_QUOTE = 160
_YES_OR_NO = re.compile(r"\b(?:yes|no)\b", re.IGNORECASE)


class ReplyQuality:
    """Counts repairs by role, and replies that are not readable by task; `notify` receives sentences for the user."""

    def __init__(self, notify: Callable[[str], None]) -> None:
        self._notify = notify
        self._unreadable: dict[Task, dict[str, str]] = defaultdict(dict)
        """Task to the requests in a row whose replies were not readable, each with a sentence about it."""
        self._told = False
        self._repairs: Counter[tuple[Role, Repair]] = Counter()
        self.loops: Counter[Role] = Counter()
        """Role to how many of its replies ran in a loop."""

    def answered(self, request: Request, response: Response) -> None:
        """Note a response that came now; the user hears once of a server that takes the wish for probabilities and returns none."""
        lacks = "logprobs" in request.extra and not response.yes_probabilities
        if lacks and response.finish_reason == "stop" and _YES_OR_NO.search(response.text) and not self._told:
            self._told = True
            self._notify(
                f"The server of {response.model or request.model} returns no probabilities of its tokens: key points count by the judge's words "
                "alone; set judging.probabilities = false, or let the server return logprobs"
            )

    def readable(self, task: Task, repairs: Iterable[Repair]) -> None:
        """Note a reply that was read."""
        self._unreadable.pop(task, None)
        self._repairs.update((ROLE_OF[task], repair) for repair in repairs)

    def looped(self, task: Task) -> None:
        """Note a reply that ran in a loop until it was cut off."""
        self.loops[ROLE_OF[task]] += 1

    def unreadable(self, request: Request, response: Response, reason: str) -> None:
        """Note a reply that came now and was not readable; a request counts once."""
        row = self._unreadable[request.task]
        if request.digest in row:
            return
        row[request.digest] = "" if row else f"{reason}; the first was: {shortened(response.text)}"
        if len(row) == IN_A_ROW:
            first = next(iter(row.values()))
            self._notify(
                f"No reply to {IN_A_ROW} {request.task} requests in a row could be used ({first}): look whether the model is fit for "
                "the task, and whether a prompt of your own asks for another form"
            )

    def repaired(self, role: Role) -> str:
        """Return in words what was repaired in the replies of a role; "" if nothing was."""
        counts = {
            repair.value: self._repairs[role, repair] for repair in Repair if self._repairs[role, repair]
        }
        return ", ".join(f"{count:,} × {name}" for name, count in counts.items())


def shortened(text: str) -> str:
    """Return the beginning of a reply in one line, with control characters made visible."""
    visible = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text[:LONGEST_QUOTE])
    return f"'{visible}'" + (" …" if len(text) > LONGEST_QUOTE else "")
