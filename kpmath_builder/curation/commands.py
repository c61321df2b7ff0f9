"""LaTeX's commands in one spelling each."""

from collections.abc import Sequence

from kpmath_builder.curation.latex import DROPPED, FUNCTIONS, SPELLINGS, TEXT_COMMANDS, TWO_ARGUMENTS
from kpmath_builder.curation.token_kinds import Remembered, is_number

__all__ = ["plain_commands", "plain_products"]


_BRACES = frozenset("{}")
_SCRIPTS = frozenset("^_")
_NAMED = FUNCTIONS | {"degree"}
_LONG_NUMBER = 2


def _matters(sign: str) -> bool:
    long_number = len(sign) >= _LONG_NUMBER and sign[0].isdigit()
    return long_number or sign in _BRACES or sign in SPELLINGS or sign in DROPPED or sign in TEXT_COMMANDS


_MATTERS = Remembered(_matters)


def plain_commands(signs: Sequence[str]) -> list[str]:
    """Return the tokens in one spelling, without what is only looks."""
    found: list[str] = []
    closing: list[bool] = []  # for each open brace, whether it is left out
    text_command = -1  # where the argument of the last one would begin
    done = 0
    for place in [place for place, sign in enumerate(signs) if _MATTERS[sign]]:
        found += signs[done:place]
        done = place + 1
        sign = SPELLINGS.get(signs[place], signs[place])
        if sign in TEXT_COMMANDS:
            text_command = done
        elif sign in _BRACES:
            script = bool(found) and found[-1] in _SCRIPTS
            _brace(found, sign, closing, left_out=text_command == place and not script)
        elif sign in DROPPED:
            text_command = done if text_command == place else -1
        else:
            while len(sign) >= _LONG_NUMBER and sign[0].isdigit() and _takes_one_digit(found):
                found.append(sign[0])
                sign = sign[1:]
            found.append(sign)
    found += signs[done:]
    return found


def plain_products(tokens: list[str]) -> list[str]:
    r"""Write `*` for `\cdot` and `\times` between numbers; between vectors they differ."""
    for place in range(1, len(tokens) - 1):
        if tokens[place] in _TIMES and is_number(tokens[place - 1]) and is_number(tokens[place + 1]):
            tokens[place] = "*"
    return tokens


_TIMES = frozenset({r"\cdot", r"\times"})


def _brace(found: list[str], sign: str, closing: list[bool], *, left_out: bool) -> None:
    if sign == "{":
        closing.append(left_out)
        if not left_out:
            found.append(sign)
    elif not (closing and closing.pop()):
        _close(found)


def _close(found: list[str]) -> None:
    """Leave out braces around a single sign: `x^{2}` is `x^2`, but `x^{ab}` is not `x^ab`."""
    if (
        len(found) > 1
        and found[-2] == "{"
        and (len(found[-1]) == 1 or found[-1] in _NAMED or not found[-1].isalpha())
    ):
        del found[-2]
    else:
        found.append("}")


def _takes_one_digit(found: list[str]) -> bool:
    r"""Return whether the command before takes the next digit alone: `\frac12`, `\sqrt23`."""
    if not found:
        return False
    if found[-1] in TWO_ARGUMENTS or found[-1] == r"\sqrt":
        return True
    return len(found) > 1 and found[-2] in TWO_ARGUMENTS and found[-1] not in {"{", "}"}
