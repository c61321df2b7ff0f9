"""Asking a server, before any token is paid for, how it wants requests, and whether it does what they say.

Some servers do not know every field, some have no system role, some ignore a regular expression without a word, some ignore seeds.
vLLM is asked four short requests, others a few more. One that does not answer now is not judged.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from kpmath_builder.client.dialects import PLAIN, Dialect, PatternForm, advice, read_parameters
from kpmath_builder.client.error_bodies import error_words, named_fields
from kpmath_builder.client.probe_requests import (
    OPEN_PROMPT,
    PATTERN_PROMPT,
    REFUSED,
    Asker,
    Opened,
    Send,
    choices_in,
    obeys,
    quoted,
    read,
)
from kpmath_builder.client.refused_fields import (
    FORM,
    Pinned,
    adapted,
    barest,
    joined,
    next_form,
    one_more,
    single_changes,
)
from kpmath_builder.protocol import Response, Sampling

__all__ = ["OPEN_PROMPT", "PATTERN_PROMPT", "Negotiated", "Send", "negotiate"]

MOST_ROUNDS = 12
CONFIRMATIONS = 2
"""How often a request is tried once more as it was, before a change that was found by trying is believed."""
LONGEST_REPLY = 1024
"""Room for a model that thinks before it replies."""
SHORT_REPLY = 64
MAYBE_REFUSED = frozenset({500, 501})
"""What some servers say instead when a chat template raises."""

_BY_WORDS = "replies have their form from the prompts alone, and those that do not fit are asked for again"


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What the probe found."""

    dialect: Dialect = PLAIN
    fault: str = ""
    """What makes the server unfit for the recipe, as the beginning of a sentence; "" if nothing is known to."""
    fingerprint: str = ""
    """What the server calls itself: vLLM its version and a hash over model and settings."""
    repeats_itself: bool = False
    """Whether two seeds at temperature 1 gave one reply: samples of a question would be copies."""
    notes: tuple[str, ...] = ()
    """Sentences for the user about what is done differently."""
    known_good: Mapping[str, Any] = field(default_factory=dict)
    """A body that was answered well, to tell a fault of the server from one of a request; empty if none was."""


async def negotiate(
    send: Send,
    model: str,
    *,
    who: str = "The server",
    extras: Sequence[Mapping[str, Any]] = ({},),
    parameters: Mapping[str, str | bool] | None = None,
    structured_outputs: Literal["auto"] | PatternForm = "auto",
    samples: int = 1,
    temperature: float = 0.0,
    top_p: float = 0.95,
) -> Negotiated:
    """Find the dialect of a server.

    Parameters
    ----------
    send
        Posts a body.
    who
        The server, as messages begin with it.
    extras
        The further fields of each role that the server serves.
    parameters, structured_outputs
        What the recipe decides; the probe changes none of it.
    samples
        The most samples that one call shall carry.
    temperature, top_p
        Values that requests will have; those farthest from 1 find the most.

    Raises
    ------
    InputError
        When `parameters` or `extras` set what they may not.
    """
    given = read_parameters(parameters or {}, "vllm" if structured_outputs == "auto" else structured_outputs)
    pinned = frozenset(parameters or ()) | ({FORM} if structured_outputs != "auto" else set())
    asker = Asker(send, model, Sampling(temperature, top_p, LONGEST_REPLY), samples)
    return await _Negotiation(asker, given, pinned, who, extras or ({},)).run()


class _Negotiation:
    """The state of one negotiation: the dialect so far, and what was found on the way."""

    def __init__(
        self, asker: Asker, given: Dialect, pinned: Pinned, who: str, extras: Sequence[Mapping[str, Any]]
    ) -> None:
        self._asker, self._given, self._pinned, self._who = asker, given, pinned, who
        self._extra, *self._other_extras = extras
        self._dialect = given
        self._fault = self._fingerprint = self._ignored = ""
        self._known_good: Mapping[str, Any] = {}
        self._replied = Response(text="", finish_reason="stop")
        """The last reply to a request with an expression."""

    async def run(self) -> Negotiated:
        """Settle the dialect; ask the open prompts beside the first request, and again if they were put wrongly."""
        opened, _ = await asyncio.gather(self._asker.open(self._given, self._extra), self._settle())
        if not self._only_form_changed():
            opened = await self._asker.open(self._dialect, self._extra)
        if "top_p" in named_fields(opened.refusal, ["top_p"]) and not {"top_p"} & (
            self._pinned | self._dialect.omit
        ):
            self._dialect = replace(self._dialect, top_p_of_1=False)
            opened = await self._asker.open(self._dialect, self._extra)
        await self._spare_thoughts()
        faults = await asyncio.gather(*map(self._fault_with, self._other_extras))
        repeats = await self._repeats(opened)
        fault = self._fault or next((fault for fault in faults if fault), "")
        notes = tuple(self._notes(repeats=repeats))
        return Negotiated(self._dialect, fault, self._fingerprint, repeats, notes, self._known_good)

    async def _settle(self) -> None:
        """Change the dialect until a request with a regular expression is answered, and the expression obeyed if it is sent."""
        searched = False
        for _ in range(MOST_ROUNDS):
            sent, status, body = await self._asker.constrained(self._dialect, self._extra)
            if status == 200:
                if self._accept(sent, body):
                    return
                continue
            if status not in REFUSED | MAYBE_REFUSED:
                self._known_good = {}
                return
            changed = adapted(self._dialect, self._pinned, sent, body)
            if changed is None and self._shorten(sent, body):
                continue
            if changed is None and not named_fields(body, self._extra):
                changed = await self._search() if not searched else self._other_form()
                searched = True
            if changed is None:
                self._fault = self._refusal(sent, body) if status in REFUSED else ""
                return
            self._dialect = changed

    def _other_form(self) -> Dialect | None:
        """Return the next way to send the expression, for a server that was searched before it came to this one."""
        other = next_form(self._dialect, self._pinned)
        return None if other == self._dialect else other

    def _shorten(self, sent: Mapping[str, Any], body: bytes) -> bool:
        """Ask for shorter replies from now on if a server finds them too long for its context; False if that was done before."""
        name = self._dialect.rename.get("max_tokens", "max_tokens")
        too_long = name in named_fields(body, sent) or "context length" in error_words(body)
        if not too_long or self._asker.sampling.max_tokens == SHORT_REPLY:
            return False
        sampling = replace(self._asker.sampling, max_tokens=SHORT_REPLY)
        self._asker = replace(self._asker, sampling=sampling)
        return True

    def _accept(self, sent: Mapping[str, Any], body: bytes) -> bool:
        """Take over what an answer says; False if the request has to be put otherwise."""
        wanted = self._samples_in(sent)
        if wanted > 1 and choices_in(body) == 1:
            if "n" in self._pinned:
                self._fault = f"{self._who} gives one sample when it is asked for {wanted}: {advice({'n'})}"
                return True
            self._dialect = replace(self._dialect, omit=self._dialect.omit | {"n"})
            return False
        response = read(body, wanted)
        if response is None:
            self._known_good = {}
            return True
        self._known_good, self._fingerprint = sent, response.fingerprint
        if self._dialect.pattern_form == "none":
            self._fault = self._all_thought(response)
            return True
        self._ignored, self._replied = self._disregard(response), response
        if not self._ignored:
            return True
        if FORM in self._pinned:
            self._fault = f"{self._who} {self._ignored}"
            return True
        self._dialect = next_form(self._dialect, self._pinned)
        return False

    def _all_thought(self, response: Response) -> str:
        """Return the fault of a server whose replies are reasoning and nothing else; "" for another."""
        if response.finish_reason != "stop" or response.text.strip() or not response.reasoning:
            return ""
        return (
            f"{self._who} gives its whole reply as reasoning: switch thinking on or off in teacher.extra's "
            "chat_template_kwargs"
        )

    def _disregard(self, response: Response) -> str:
        """Return in what way a reply disregards the expression; "" if it does not."""
        if obeys(response):
            return ""
        said = quoted(response.text)
        return "ignores the regular expression of a request" + (f" (it said '{said}')" if said else "")

    async def _spare_thoughts(self) -> None:
        """Send no expression to a model that thinks before it replies and does not under one: it would forbid the thought."""
        if self._dialect.pattern_form == "none" or FORM in self._pinned or not self._known_good:
            return
        *_, response = await self._freely(self._extra)
        if response is not None and response.reasoning and not self._replied.reasoning:
            self._dialect = replace(self._dialect, pattern_form="none")
            self._ignored = "keeps its model from thinking where a reply is held to a regular expression"

    async def _search(self) -> Dialect | None:
        """Find by trying what a server objects to that does not say so; an error that has passed is no objection."""
        singles = single_changes(self._dialect, self._pinned)
        found = next(iter(await self._answered([self._dialect, *singles])), None)
        if found is None:
            bare = next(iter(await self._answered(barest(self._dialect, self._pinned))), None)
            found = bare and joined(bare, await self._answered(one_more(bare, self._dialect)))
        for _ in range(CONFIRMATIONS):
            if found is not None and found != self._dialect and await self._answered([self._dialect]):
                return self._dialect
        return found

    async def _answered(self, dialects: Iterable[Dialect]) -> list[Dialect]:
        """Return those dialects in which a request is answered, in their order."""
        dialects = list(dialects)
        answers = await asyncio.gather(
            *(self._asker.constrained(dialect, self._extra) for dialect in dialects)
        )
        return [dialect for dialect, (_, status, _) in zip(dialects, answers, strict=True) if status == 200]

    def _refusal(self, sent: Mapping[str, Any], body: bytes) -> str:
        words = error_words(body)
        lines = advice(named_fields(body, sent), words)
        return f"{self._who} refuses a short request ({words})" + (f": {lines}" if lines else "")

    async def _fault_with(self, extra: Mapping[str, Any]) -> str:
        """Return what is wrong with the reply to a role that has other further fields."""
        sent, status, body, response = await self._freely(extra)
        if status in REFUSED:
            return self._refusal(sent, body)
        return "" if response is None else self._all_thought(response)

    async def _freely(self, extra: Mapping[str, Any]) -> tuple[dict[str, Any], int, bytes, Response | None]:
        """Ask without an expression; return what was sent, status and body of the answer, and the reply if one came."""
        free = replace(self._dialect, pattern_form="none")
        sent, status, body = await self._asker.constrained(free, extra)
        return sent, status, body, read(body, self._samples_in(sent)) if status == 200 else None

    def _samples_in(self, sent: Mapping[str, Any]) -> int:
        return int(sent.get(self._dialect.rename.get("n", "n"), 1))

    async def _repeats(self, opened: Opened) -> bool:
        """Whether two seeds give one reply, with small seeds as well: some servers round large ones."""
        if not opened.are_one:
            return False
        if "seed" in self._pinned | self._dialect.omit:
            return True
        small = replace(self._dialect, seed_bits=31)
        opened = await self._asker.open(small, self._extra)
        if len(opened.replies) < 2 or opened.are_one:
            return True
        self._dialect = small
        return False

    def _notes(self, *, repeats: bool) -> Iterable[str]:
        alone = self._only_form_changed()
        takes_none = self._dialect.pattern_form == "none" != self._given.pattern_form
        if takes_none and (self._ignored or alone) and not self._fault:
            yield f"{self._who} {self._ignored or 'takes no regular expressions'}: {_BY_WORDS}"
        if not alone:
            lost = sorted((self._dialect.omit - self._given.omit) & {"temperature", "top_p"})
            effect = f"; the recipe's {' and '.join(lost)} has no effect there" if lost else ""
            yield f"{self._who} does not take requests as they are and is sent them so: {self._dialect.description}{effect}"
        if repeats:
            yield (
                f"{self._who} gives one reply to different seeds at temperature 1: it ignores them, or a cache stands before it, and "
                "the samples of a question would be copies of each other"
            )

    def _only_form_changed(self) -> bool:
        return replace(self._dialect, pattern_form=self._given.pattern_form) == self._given
