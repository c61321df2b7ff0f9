"""The text of a seed's solution with other numbers in it.

Every number in the prose must be traced to a quantity of the program, as the operands of the steps are. A line with a
number that cannot be traced is written in a plain form instead: `24/2 = <<24/2=12>>12`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from kpmath_builder.symbolic.constants import known_constants, number_words
from kpmath_builder.symbolic.equations import PLAIN_EQUATION
from kpmath_builder.symbolic.expressions import Number, format_number, parse_number
from kpmath_builder.symbolic.givens import NUMBER
from kpmath_builder.symbolic.programs import Operand, Program, leans_on, probe, steps_on, take

__all__ = ["write_solution", "write_statement", "write_steps_without"]

_TOKEN = re.compile(rf"<<.*?>>|(?<![\w.])(?:{NUMBER})(?!\w)|(?<=\d)[ ]?(?:st|nd|rd|th)\b")
_LOOSE_NUMBER = re.compile(r"\d")
_SHOWN = r"[$(]*0[%)]*(?: [a-z]+(?:/[a-z]+)?)?\)*"
_STATEMENT = re.compile(
    rf"(?:(?:So|Thus|Therefore|Hence),? )?(?P<before>[A-Za-z][A-Za-z’',-]*(?: [A-Za-z’',-]+)*(?<!,) )"
    rf"{_SHOWN}(?: ?[-–+*/x×÷] ?{_SHOWN})+ ?= ?(?P<sign>\$?)<>0(?P<behind>[^0<>]*)"
)
"""A sentence around its only equation, with 0 for every number and <> for the annotation."""
_TURNS = r"(?:left|long|remaining|more|less|fewer|extra|total|to|into|from|for|on|by|after|before|is|are|was|were)\b"
"""Words from which on the end of a sentence speaks of its own step: "48 pears left", "9 pounds to his lift"."""
_RESULT = re.compile(
    rf"(?P<sign>\$?)<>0(?P<counted>(?: (?!{_TURNS})[a-z][a-z’'-]*){{0,5}})(?: {_TURNS}[a-z’' -]*)?(?P<stop>\.?)\Z"
)
"""The end of a line that closes with its result and what that counts."""
_JOINING = re.compile(r"^(?:Then|And|Next|Also|Meanwhile),? ")
_BEHIND_OTHERS = re.compile(
    r"\balso\b|\brepeat|\bsame (?:thing|manner|way)\b|^(?:After that|While|Likewise|Similarly)\b|^The (?:other|rest|remaining)\b",
    re.IGNORECASE,
)
"""Words of a line that only make sense behind those that stood before it."""
_LEANING = re.compile(
    r"\b(?:this|that|these|those|such|so|then|thus|therefore|hence|it|which|add\w*|subtract\w*|multipl\w*|divid\w*|sum|double|half|twice|times|"
    r"first|second|next|now|also|because|since|if|after|let|means?|find|another|other|splits?)\b",
    re.IGNORECASE,
)
"""Words by which a sentence leans on those before it, or says how its number was computed."""


@dataclass(frozen=True)
class _Mention:
    """A number in the prose: the quantity it shows, and how the original was written."""

    operand: Operand
    decimals: int
    commas: bool

    def write(self, values: Sequence[Number], results: Sequence[Number]) -> str:
        value = take(self.operand, values, results)
        decimals = self.decimals if self.decimals == 2 or not isinstance(value, int) else 0
        return format_number(value, decimals=decimals, commas=self.commas)


@dataclass(frozen=True)
class _Line:
    """One line: texts, mentions and annotations (the index of a step) in order; no pieces = only the plain form."""

    pieces: tuple[str | _Mention | int, ...]
    first: int
    """Number of steps before this line."""
    steps: tuple[int, ...]


def write_solution(
    program: Program, values: Sequence[Number], results: Sequence[Number], *, steps: int
) -> list[str]:
    """Return the solution's lines up to `steps` steps; `results` may hold a slip, the text then states it."""
    written: list[str] = []
    for line in _lines(program):
        if line.first >= steps:
            break
        text = (
            _write_line(program, line, values, results) if all(step < steps for step in line.steps) else None
        )
        if text is None:
            written += _write_steps(program, line, values, results, [k for k in line.steps if k < steps])
        elif text.strip():
            written.append(text.strip())
    return written


def write_steps_without(
    program: Program, values: Sequence[Number], results: Sequence[Number], unknown: int
) -> list[str]:
    """Return the lines of the solution whose steps and numbers do not depend on the given at `unknown`."""
    moved = steps_on(program, unknown)
    written: list[str] = []
    alone = False
    for line in _lines(program):
        steps = [step for step in line.steps if step not in moved]
        mentioned = any(
            isinstance(piece, _Mention) and leans_on(piece.operand, unknown, moved) for piece in line.pieces
        )
        whole = len(steps) == len(line.steps) and not mentioned
        text = _write_line(program, line, values, results) if whole and steps else None
        if text is not None and alone:
            text = _standing_alone(text.strip())
        if text is None:
            written += _write_steps(program, line, values, results, steps)
            alone = True
        else:
            written.append(text.strip())
    return written


def _standing_alone(line: str) -> str | None:
    """Return a line without the word that joins it to those before it, which were left out; None if it leans on them in other ways."""
    line = _JOINING.sub("", line)
    return None if _BEHIND_OTHERS.search(line) else line[0].upper() + line[1:]


def write_statement(program: Program, step: int, expression: str, value: Number) -> str:
    """Return the sentence in which the solution states the result of a step, with another expression for it.

    Where the sentence leans on others or names further numbers, only what the result counts is said, `72 - 24 = <<72-24=48>>48 pears`.
    """
    line = next(line for line in _lines(program) if step in line.steps)
    found = _STATEMENT.fullmatch(_skeleton(line))
    if (
        found is None
        or _LEANING.search(found["before"] + found["behind"])
        or not _speaks_of(program, line, step, value)
    ):
        return _write_plainly(program, line, step, expression, value)
    before = found["before"][0].upper() + found["before"][1:]
    return f"{before}{_equation(expression, found['sign'], value)}{found['behind']}".strip()


def _write_plainly(program: Program, line: _Line, step: int, expression: str, value: Number) -> str:
    """Return a step as an equation and, where its line ends with that, what the result counts."""
    found = _RESULT.search(_skeleton(line))
    if found is None or _LEANING.search(found["counted"]) or not _speaks_of(program, line, step, value):
        return _equation(expression, "", value)
    return f"{_equation(expression, found['sign'], value)}{found['counted']}{found['stop']}"


def _speaks_of(program: Program, line: _Line, step: int, value: Number) -> bool:
    """Return whether the words of a line fit a value of one of its steps: it is the only one, and as many in grammar."""
    return line.steps == (step,) and (value == 1) == (program.steps[step].value == 1)


def _equation(expression: str, sign: str, value: Number) -> str:
    written = format_number(value)
    return f"{expression} = {sign}<<{expression.replace(' ', '')}={written}>>{written}"


def _skeleton(line: _Line) -> str:
    """Return a line with 0 for every number and <> for every annotation."""
    return "".join(_shown(piece) for piece in line.pieces)


def _shown(piece: "str | _Mention | int") -> str:
    if isinstance(piece, str):
        return piece
    return "0" if isinstance(piece, _Mention) else "<>"


def _write_line(
    program: Program, line: _Line, values: Sequence[Number], results: Sequence[Number]
) -> str | None:
    if not line.pieces:
        return None
    texts: list[str] = []
    for piece in line.pieces:
        if isinstance(piece, str):
            texts.append(piece)
        elif isinstance(piece, int):
            left = _write_expression(program, piece, values, results)
            texts.append(f"<<{left}={format_number(results[piece])}>>")
        else:
            if (take(piece.operand, values, results) == 1) != (piece.operand.value == 1):
                return None  # "1 apple" and "5 apples" need different words
            texts.append(piece.write(values, results))
    return "".join(texts)


def _write_steps(
    program: Program, line: _Line, values: Sequence[Number], results: Sequence[Number], steps: Sequence[int]
) -> list[str]:
    """Return some steps of a line, each as a line of its own."""
    lefts = [_write_expression(program, step, values, results) for step in steps]
    return [
        _write_plainly(program, line, step, left, results[step])
        for step, left in zip(steps, lefts, strict=True)
    ]


def _write_expression(
    program: Program, step: int, values: Sequence[Number], results: Sequence[Number]
) -> str:
    its = program.steps[step]
    return its.expression.write([format_number(take(operand, values, results)) for operand in its.operands])


@lru_cache(maxsize=16_384)
def _lines(program: Program) -> tuple[_Line, ...]:
    tracer = _Tracer(program)
    return tuple(tracer.line(line) for line in program.solution.split("\n") if line.strip())


class _Tracer:
    """Reads the solution line by line, counting steps in the order in which the program has them."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.done = 0
        self.worlds = probe(program)
        self.constants = known_constants(program.question + program.solution) | {1, 2}

    def line(self, line: str) -> _Line:
        plain_ends = {match.start(2) for match in PLAIN_EQUATION.finditer(_blanked(line))}
        first = self.done
        self.done += len(plain_ends) + line.count("<<")
        steps = tuple(range(first, self.done))
        pieces = self._pieces(line, plain_ends, first)
        return _Line(() if pieces is None else tuple(pieces), first, steps)

    def _pieces(self, line: str, plain_ends: set[int], step: int) -> list[str | _Mention | int] | None:
        pieces: list[str | _Mention | int] = []
        end = 0
        follows_annotation = False
        for match in _TOKEN.finditer(line):
            between = line[end : match.start()]
            if _LOOSE_NUMBER.search(between) or self._word_for_quantity(between):
                return None
            pieces.append(between)
            end = match.end()
            token = match[0]
            if token.startswith("<<"):
                pieces.append(step)
                step, follows_annotation = step + 1, True
                continue
            if match.start() in plain_ends:
                pieces.append(step)
                step, follows_annotation, between = step + 1, True, ""
            mention = self._mention(token, step, states=follows_annotation and between.strip() in ("", "$"))
            if mention is None:
                return None
            pieces.append(mention)
            follows_annotation = False
        rest = line[end:]
        if _LOOSE_NUMBER.search(rest) or self._word_for_quantity(rest):
            return None
        return [*pieces, rest]

    def _mention(self, token: str, step: int, *, states: bool) -> _Mention | None:
        """Trace a number; `states` is True right behind an annotation, where it must be that step's result."""
        try:
            value = parse_number(token)
        except ValueError:
            return None
        decimals, commas = len(token.partition(".")[2]), "," in token
        if states:
            operand = Operand("step", step - 1, "same", self.program.steps[step - 1].value)
            return _Mention(operand, decimals, commas) if operand.value == value else None
        operand_or_none = self._trace(value, step)
        return None if operand_or_none is None else _Mention(operand_or_none, decimals, commas)

    def _trace(self, value: Number, step: int) -> Operand | None:
        """Return the one quantity that has this value up to (and with) step `step`."""
        steps = self.program.steps
        here = [
            operand
            for operand in (steps[step].operands if step < len(steps) else ())
            if operand.value == value
        ]
        if here and step < len(steps) and steps[step].value == value:
            here.append(Operand("step", step, "same", value))
        candidates = here or self._everything(value, step)
        seen = {tuple(take(operand, *world) for world in self.worlds) for operand in candidates}
        return candidates[0] if len(seen) == 1 else None

    def _everything(self, value: Number, step: int) -> list[Operand]:
        program = self.program
        found = [
            Operand("given", i, "same", value)
            for i, given in enumerate(program.givens)
            if given.value == value
        ]
        found += [
            Operand("step", k, "same", value)
            for k in range(min(step + 1, len(program.steps)))
            if program.steps[k].value == value
        ]
        if value in self.constants:
            found.append(Operand("constant", 0, "same", value))
        return found

    def _word_for_quantity(self, text: str) -> bool:
        """Return whether a number word stands for something that changes."""
        values = set(number_words(text))
        if not values:
            return False
        moving = {self.program.givens[i].value for i in self.program.variable}
        moving |= {
            step.value for k, step in enumerate(self.program.steps) if self.worlds[0][1][k] != step.value
        }
        return bool(values & moving)


def _blanked(line: str) -> str:
    return re.sub(r"<<.*?>>", lambda match: "\0" * len(match[0]), line)
