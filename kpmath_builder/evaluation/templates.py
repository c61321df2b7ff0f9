"""Prompt templates of an evaluation, each a text file in `templates/` or of the user.

A file with a section `[user]` is a chat, in the form of the package's prompts: `[system]` and turns of `[example]` and `[reply]` may
stand before it. A file without sections is one text that the model continues, sent as it is but for the line break at its end.
In both, `$question` is the problem and `$$` a dollar sign.
"""

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from kpmath_builder.errors import InputError
from kpmath_builder.prompts.template import Template, fill
from kpmath_builder.protocol import Message

__all__ = ["CHAT", "PAPER", "PromptTemplate", "read_template"]

PAPER, CHAT = "paper", "chat"
_SECTION = re.compile(r"^\[\w+\][ \t]*$", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\$(\$|[A-Za-z_]\w*)")
_HEADING = re.compile(r"[A-Z]\w*:")


@dataclass(frozen=True)
class PromptTemplate:
    """How a problem is put to a model."""

    name: str
    text: str
    chat: Template | None
    """None for a text that is continued."""

    @property
    def is_raw(self) -> bool:
        """Whether the model continues a text, without a chat template around it."""
        return self.chat is None

    @property
    def hash(self) -> str:
        """Tagged hash of the file's text."""
        return "sha256:" + hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def headings(self) -> tuple[str, ...]:
        """What stands before a problem in a text that is continued, e.g. `User:`; a model that runs on writes it again."""
        heading = _HEADING.match(self.text) if self.is_raw else None
        return (heading[0],) if heading else ()

    @property
    def stop(self) -> tuple[str, ...]:
        """Where a reply has run on into another problem."""
        return tuple("\n" + heading for heading in self.headings)

    def messages(self, question: str) -> tuple[Message, ...]:
        """Return the prompt for a problem."""
        values = {"question": question}
        if self.chat is None:
            return (Message("user", fill(self.text, values)),)
        system = [Message("system", self.chat.system)] if self.chat.system else []
        turns = [
            message
            for shown, reply in self.chat.examples
            for message in (Message("user", shown), Message("assistant", reply))
        ]
        return (*system, *turns, Message("user", fill(self.chat.user, values)))


def read_template(name: str) -> PromptTemplate:
    """Return a template of the package by its name, or the one in a file.

    Raises
    ------
    InputError
        If there is none, or it lacks `$question`.
    """
    folder = files("kpmath_builder") / "evaluation" / "templates"
    shipped = sorted(
        entry.name.removesuffix(".txt") for entry in folder.iterdir() if entry.name.endswith(".txt")
    )
    if name in shipped:
        return _parsed(name, (folder / f"{name}.txt").read_text(encoding="utf-8"), name)
    try:
        text = Path(name).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InputError(
            f"There is no template {name!r} ({getattr(error, 'strerror', None) or 'not UTF-8 text'}): give a file, or one of {', '.join(shipped)}."
        ) from None
    return _parsed(Path(name).name, text, name)


def _parsed(name: str, text: str, origin: str) -> PromptTemplate:
    if _SECTION.search(text):
        return PromptTemplate(name, text, Template.parse(origin, text, {"user": frozenset({"question"})}))
    text = text.removesuffix("\n")
    found = {match[1] for match in _PLACEHOLDER.finditer(text)} - {"$"}
    if found != {"question"}:
        unknown = sorted(found - {"question"})
        fault = f"has the unknown placeholder ${unknown[0]}" if unknown else "lacks the placeholder $question"
        raise InputError(
            f"The template {origin} {fault}: write $question where the problem belongs, and $$ for a dollar sign."
        )
    return PromptTemplate(name, text, None)
