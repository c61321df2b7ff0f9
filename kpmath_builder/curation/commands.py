"""LaTeX's commands in one spelling each."""

from kpmath_builder.curation.latex import DROPPED, SPELLINGS, TEXT_COMMANDS, TWO_ARGUMENTS

__all__ = ["plain_commands"]


def plain_commands(signs: list[str]) -> list[str]:
    """Return the tokens in one spelling, without what is only looks."""
    found: list[str] = []
    closing: list[bool] = []  # for each open brace, whether it is left out
    drop_next = False
    for raw in signs:
        sign = SPELLINGS.get(raw, raw)
        if sign in DROPPED:
            continue
        if sign in TEXT_COMMANDS:
            drop_next = True
            continue
        if sign == "{":
            closing.append(drop_next)
            if not drop_next:
                found.append(sign)
            drop_next = False
            continue
        if sign == "}":
            if not (closing and closing.pop()):
                _close(found)
            continue
        drop_next = False
        while len(sign) > 1 and sign[0].isdigit() and _takes_one_digit(found):
            found.append(sign[0])
            sign = sign[1:]
        if sign[0] == ".":
            found.append("0" + sign if len(sign) > 1 else sign)
        else:
            found.append(sign)
    return found


def _close(found: list[str]) -> None:
    """Leave out braces around a single sign: `x^{2}` is `x^2`."""
    if len(found) > 1 and found[-2] == "{":
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
