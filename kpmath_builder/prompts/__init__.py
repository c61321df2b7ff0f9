"""The prompts: one text file per task, versioned by its hash, and how the material of a task is put into it.

Instructions stand in `[system]`, worked examples in turns of their own; they never vary, so that an engine's prefix cache shares them.
A file of the same name that ends in `.regex` is the regular expression to which replies are held by servers that can.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

from kpmath_builder.errors import InputError
from kpmath_builder.prompts.template import Template, fill
from kpmath_builder.protocol import OPTIONAL, Message, Task
from kpmath_builder.recipe import Recipe

__all__ = ["Prompts", "SolverPrompt", "shown"]

TASKS: tuple[Task, ...] = get_args(Task)
_PATTERN = ".regex"

_PRACTICE = {
    "write": frozenset({"topic", "key_points", "problem", "solution"}),
    "judge": frozenset({"topic", "key_points"}),
    "harder": frozenset({"topic", "key_points"}),
    "solve": frozenset({"problem", "solution"}),
}
_HEADING = re.compile(r"^([^\n$]+?)[ \t]*\n?\$(?:problem|question)\b", re.MULTILINE)
_USER = {
    "extract": frozenset({"problem", "solution"}),
    "same_topic": frozenset({"first_topic", "first_key_points", "second_topic", "second_key_points"}),
    "write": frozenset({"practices"}),
    "work": frozenset({"question"}),
    "judge": frozenset({"practices", "question", "work", "key_point_lines"}),
    "solve": frozenset({"practices", "question"}),
    "compare": frozenset({"question", "first", "second"}),
    "attempt": frozenset({"question"}),
    "harder": frozenset({"practices", "question"}),
}


@dataclass(frozen=True, slots=True)
class SolverPrompt:
    """The prompt of one of several solvers."""

    template: Template
    text: str
    hash: str


@dataclass(frozen=True)
class Prompts:
    """The prompt of each task."""

    templates: Mapping[Task, Template]
    hashes: Mapping[Task, str]
    """Tagged hash of each prompt file, and of a user's expression for its replies. The package's own expressions are left out: a build
    goes on with another version of them, for a reply of either form is one.
    """
    texts: Mapping[Task, str]
    """Each prompt file as it is."""
    patterns: Mapping[Task, str] = field(default_factory=dict)
    """The regular expression that a reply has to match as a whole, for tasks that have one."""
    of_solvers: Mapping[str, "SolverPrompt"] = field(default_factory=dict)
    """The prompts of solvers that have their own."""

    @classmethod
    def load(cls, folder: Path | None = None, solvers: Mapping[str, Path] | None = None) -> "Prompts":
        """Read the package's prompts; files in `folder` (`extract.txt`, …) replace those of the same name.

        The expression of a replaced prompt is the one that stands beside it (`extract.regex`), if one does; an empty file is none.

        `solvers` are the prompt files of solvers that have their own.

        Raises
        ------
        InputError
            For a folder or file that is no prompt, naming the file and the placeholder or section at fault.
        """
        own, forms = _own(), _own_patterns()
        texts = own | (_users(folder) if folder is not None else {})
        kept = {task: form for task, form in forms.items() if texts[task][1] == own[task][1]}
        patterns = kept | (_users_patterns(folder) if folder is not None else {})
        theirs = {task: form for task, form in patterns.items() if form != forms.get(task)}
        return cls(
            templates={
                task: Template.parse(origin, text, _needed(task)) for task, (origin, text) in texts.items()
            },
            hashes={task: _hash(text + theirs.get(task, "")) for task, (_, text) in texts.items()},
            texts={task: text for task, (_, text) in texts.items()},
            patterns={task: form for task, form in patterns.items() if form},
            of_solvers=_of_solvers(solvers or {}, texts["solve"][1]),
        )

    @classmethod
    def of(cls, recipe: Recipe) -> "Prompts":
        """Read the prompts of a recipe: those of its folder, and those of its solvers; raises as `load` does."""
        return cls.load(recipe.prompts, recipe.solver_prompts)

    @property
    def headings(self) -> tuple[str, ...]:
        """The lines that stand before a problem: a model that runs on writes them, and then a problem of its own."""
        # What ends a solution does not depend on tasks that only some recipes have.
        shown = [template for task, template in self.templates.items() if task not in OPTIONAL]
        found = (
            heading.strip()
            for template in (*shown, *(its.template for its in self.of_solvers.values()))
            for text in (template.practice, template.user)
            for heading in _HEADING.findall(text)
        )
        return tuple(dict.fromkeys(heading for heading in found if re.search(r"[^\W\d]{2}", heading)))

    def instructions(self, task: Task) -> str:
        """Return what a task's prompt says whatever the material: instructions, worked examples, the closing line."""
        template = self.templates[task]
        examples = (part for pair in template.examples for part in pair)
        return "\n".join([template.system, *examples, template.user])

    def render(self, task: Task, material: Mapping[str, Any], solver: str = "") -> tuple[Message, ...]:
        """Return the messages that put a task to a model.

        Parameters
        ----------
        task
            What is asked.
        material
            extract: problem, solution. same_topic: first, second (topic, key_points). write: practices (topic,
            key_points, problem, solution). work: question. judge: question, work, practices (topic,
            key_points). solve: question,
            practices (problem, solution). compare: question, first, second (two answers). attempt: question.
            harder: question, practices (topic, key_points).
        solver
            Of several solvers the one that is asked.
        """
        own = self.of_solvers.get(solver) if task == "solve" else None
        template = own.template if own else self.templates[task]
        values = _values(material) if task != "same_topic" else _pair(material)
        if "practices" in material:
            values["practices"] = _practices(
                template.practice, material["practices"], numbered=task == "judge"
            )
        if task == "judge":
            count = sum(len(practice["key_points"]) for practice in material["practices"])
            values["key_point_lines"] = "\n".join(f"Key point {number}:" for number in range(1, count + 1))
        user = Message("user", fill(template.user, values))
        turns = (
            turn
            for asked, reply in template.examples
            for turn in (Message("user", asked), Message("assistant", reply))
        )
        system = (Message("system", template.system),) if template.system else ()
        return (*system, *turns, user)


def shown(text: str) -> str:
    r"""Return a problem or solution as a model sees it: no calculator annotations, and `#### 24` as `\boxed{24}`."""
    text = re.sub(r"<<[^<>]*>>", "", text)
    return re.sub(r"^####[ \t]*(\S.*?)[ \t]*$", r"The final answer is \\boxed{\1}.", text, flags=re.MULTILINE)


def _hash(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _of_solvers(paths: Mapping[str, Path], of_all: str) -> dict[str, SolverPrompt]:
    """Read the prompts of solvers; refuses two files with one text, by which two equal solvers would look different."""
    texts = {name: _read(path) for name, path in sorted(paths.items())}
    first: dict[str, Path] = {}
    for name, text in texts.items():
        if text == of_all:
            raise InputError(f"{paths[name]} is the prompt of solve: leave the prompt of solver {name} out.")
        if first.setdefault(text, paths[name]) != paths[name]:
            raise InputError(
                f"{first[text]} and {paths[name]} are one prompt: name one file for both solvers."
            )
    return {
        name: SolverPrompt(Template.parse(str(paths[name]), text, _needed("solve")), text, _hash(text))
        for name, text in texts.items()
    }


def _needed(task: Task) -> dict[str, frozenset[str]]:
    practice = {"practice": _PRACTICE[task]} if task in _PRACTICE else {}
    return practice | {"user": _USER[task]}


@cache  # the package's own files stay as they are
def _own() -> dict[Task, tuple[str, str]]:
    folder = files(__name__)
    return {task: (f"{task}.txt", (folder / f"{task}.txt").read_text(encoding="utf-8")) for task in TASKS}


def _users(folder: Path) -> dict[Task, tuple[str, str]]:
    if not folder.is_dir():
        raise InputError(f"There is no folder of prompts {folder}: correct its path, or leave it out.")
    known = {f"{task}{suffix}" for task in TASKS for suffix in (".txt", _PATTERN)}
    strange = sorted({path.name for kind in ("*.txt", f"*{_PATTERN}") for path in folder.glob(kind)} - known)
    if strange:
        raise InputError(
            f"{folder / strange[0]} belongs to no task: prompts are named {', '.join(TASKS)} (.txt, and {_PATTERN} for the form of replies)."
        )
    return {task: (str(path), _read(path)) for task in TASKS if (path := folder / f"{task}.txt").exists()}


@cache
def _own_patterns() -> dict[Task, str]:
    found = {task: files(__name__) / f"{task}{_PATTERN}" for task in TASKS}
    return {task: path.read_text(encoding="utf-8").strip() for task, path in found.items() if path.is_file()}


def _users_patterns(folder: Path) -> dict[Task, str]:
    found = {task: path for task in TASKS if (path := folder / f"{task}{_PATTERN}").exists()}
    patterns = {task: _read(path).strip() for task, path in found.items()}
    for task, pattern in patterns.items():
        try:
            re.compile(pattern)
        except re.error as error:
            raise InputError(f"{found[task]} is no regular expression ({error}): correct it.") from error
    return patterns


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as UTF-8 text ({error}): correct it.") from error


def _values(material: Mapping[str, Any]) -> dict[str, str]:
    return {name: shown(value) for name, value in material.items() if isinstance(value, str)} | {
        name: _bullets(value) for name, value in material.items() if name == "key_points"
    }


def _pair(material: Mapping[str, Any]) -> dict[str, str]:
    return {
        f"{which}_{name}": text
        for which in ("first", "second")
        for name, text in _values(material[which]).items()
    }


def _practices(template: str, practices: Sequence[Mapping[str, Any]], *, numbered: bool) -> str:
    """Return the practices one after the other; the judge says yes or no to each key point by its number."""
    parts, shown_before = [], 0
    for number, one in enumerate(practices, start=1):
        values = _values(one) | {"number": str(number)}
        if numbered:
            values["key_points"] = _numbered(one["key_points"], shown_before + 1)
            shown_before += len(one["key_points"])
        parts.append(fill(template, values))
    return "\n\n".join(parts)


def _numbered(points: Sequence[str], first: int) -> str:
    return "\n".join(f"Key point {number}: {point}" for number, point in enumerate(points, start=first))


def _bullets(points: Sequence[str]) -> str:
    return "\n".join(f"- {point}" for point in points)
