r"""Reads the outer structure of an answer: lists, tuples, sets, intervals, unions, matrices, equations, inequalities, ±, units.

Works on tokens by splitting at the outermost separators and relations; what is left between them is one scalar.
"""

from dataclasses import replace
from itertools import product

from kpmath_builder.answers.brackets import grid, read_bracketed, read_matrix
from kpmath_builder.answers.forms import Form, Group, Scalar, Word, as_list, flat
from kpmath_builder.answers.matrices import matrix_value
from kpmath_builder.answers.quantities import compound, infinite, lone_letter, scalar
from kpmath_builder.answers.readers import Readers
from kpmath_builder.answers.scanner import tokenize
from kpmath_builder.answers.splitting import closing, level, split
from kpmath_builder.answers.statements import read_relation
from kpmath_builder.answers.tokens import Token, UnreadableError
from kpmath_builder.answers.unions import line_without, united
from kpmath_builder.answers.values import fingerprint
from kpmath_builder.answers.vocabulary import names
from kpmath_builder.answers.words import word_key

__all__ = ["read_shape"]

_CONDITIONS = names("where for forall with when if in such whenever as given is")
_FILLERS = names(
    "therefore thus so hence we find get that solution solutions final has have here value values be equals approximately "
    "about exactly approx roughly around the a an all only just is are answer total over"
)
_VERBS = names("is are be equals therefore thus so hence that")
_MAX_VARIANTS = 4
_MAX_ITEMS = 200


def read_shape(text: str) -> Form:
    """Return the form of a normalised answer.

    Raises
    ------
    UnreadableError
        Where some of it is not read as mathematics.

    """
    return _answer(_without_condition(tokenize(text)))


def _without_condition(tokens: list[Token]) -> list[Token]:
    """Drop what only says for which values the answer holds: `f(x) = 1 for all x`, `kπ, where k is an integer`."""
    tokens = _without_fillers(tokens)
    for at, token in enumerate(tokens):
        if token.kind == "text" and token.value.lower().split()[0] in _CONDITIONS and _closes(tokens, at):
            cut = at - 1 if tokens[at - 1].kind == "separator" and at > 1 else at
            return tokens[:cut]
    return tokens


def _closes(tokens: list[Token], at: int) -> bool:
    """Whether the answer is stated before a word of condition; `5 in` is five inches."""
    stated = any(before.kind not in {"text", "separator"} for before in tokens[:at])
    inches = tokens[at].value.lower() == "in" and tokens[at - 1].kind == "number"
    return stated and not inches and level(tokens[:at]) == 0


def _answer(tokens: list[Token]) -> Form:
    pieces, between = split(tokens, lambda token: token.kind == "separator")
    pieces = [piece for piece in pieces if piece]
    if len(pieces) > _MAX_ITEMS:
        raise UnreadableError("too many items")
    if not pieces:
        raise UnreadableError("nothing")
    if len(pieces) == 1:
        return _item(pieces[0])
    forms = [part for piece in pieces for part in flat(_item(piece))]
    words = {token.value for token in between}
    return _gathered(forms, either="or" in words, both="and" in words)


def _gathered(forms: list[Form], *, either: bool, both: bool = False) -> Form:
    """Return what items side by side are: one compound quantity, a union of intervals, or a list."""
    if both or len(forms) == 2:
        whole = compound(forms)
        if whole is not None:
            return whole
    if either:
        forms = [form for at, form in enumerate(forms) if form not in forms[:at]]
    if all(isinstance(form, Group) and form.kind == "interval" for form in forms):
        return Group("union", tuple(forms))
    return as_list(_shared_label(forms))


def _shared_label(forms: list[Form]) -> list[Form]:
    """Name the values of a list one by one; in `x = 1, 2` the name is everyone's, and says nothing."""
    names_given = [form.name if isinstance(form, Scalar) else "" for form in forms]
    common = bool(names_given[0]) and set(names_given[1:]) <= {"", names_given[0]}
    return [
        replace(form, label=None if common else ("label", form.name))
        if isinstance(form, Scalar) and form.name
        else form
        for form in forms
    ]


def _item(tokens: list[Token]) -> Form:
    signs = [token for token in tokens if token.kind == "operator" and token.value in {"pm", "mp"}]
    if not signs or (tokens[0].value in {"set", "{"} and closing(tokens) == len(tokens) - 1):
        return _plain_item(tokens)
    forms: list[Form] = []
    for variant in _variants(tokens, signs):
        forms += [form for form in flat(_plain_item(variant)) if form not in forms]
    return as_list(forms)


def _variants(tokens: list[Token], signs: list[Token]) -> list[list[Token]]:
    """Return the item once for each choice of signs: one choice for all where ∓ stands among them."""
    together = len(signs) == 1 or any(token.value == "mp" for token in signs) or len(signs) > _MAX_VARIANTS
    choices = (
        [("+",) * len(signs), ("-",) * len(signs)] if together else list(product("+-", repeat=len(signs)))
    )
    variants = []
    for choice in choices:
        chosen = iter(choice)
        variants.append([_signed(token, next(chosen)) if token in signs else token for token in tokens])
    return variants


def _signed(token: Token, sign: str) -> Token:
    return replace(token, value=sign if token.value == "pm" else "+-"[sign == "+"])


def _plain_item(tokens: list[Token]) -> Form:
    sides, relations = split(tokens, lambda token: token.kind == "relation")
    if relations:
        return read_relation(sides, [token.value for token in relations], _READERS)
    sets, signs = split(tokens, lambda token: token.kind == "operator" and token.value in {"cup", "setminus"})
    if signs and all(sign.value == "cup" for sign in signs):
        return united([_plain_item(part) for part in sets])
    if signs and [token.value for token in sets[0]] == ["set R"] and len(sets) == 2:
        excluded = _plain_item(sets[1])
        return line_without(excluded.items if isinstance(excluded, Group) else [excluded])
    tokens = _without_fillers(tokens)
    if [token.value for token in tokens] == ["set R"]:
        return Group("interval", tuple(Scalar(infinite(sign)) for sign in (-1, 1)), "()")
    if not tokens:
        raise UnreadableError("nothing")
    if all(token.kind == "text" for token in tokens):
        return _words(tokens)
    if tokens[0].kind == "matrix" and len(tokens) == 1:
        return read_matrix(tokens[0], _READERS)
    group = read_bracketed(tokens, _READERS)
    if group is not None:
        return group
    if any(token.kind == "matrix" for token in tokens):
        return grid([[Scalar(fingerprint(entry)) for entry in row] for row in matrix_value(tokens)])
    return scalar(tokens)


def _without_fillers(tokens: list[Token]) -> list[Token]:
    """Drop leading words that say nothing ("approximately"), and all words up to a verb ("The sum is")."""
    lead = 0
    while lead < len(tokens) - 1 and tokens[lead].kind == "text" and not tokens[lead].value.startswith("_"):
        lead += 1
    if lead and tokens[lead - 1].value.lower() in _VERBS:
        return tokens[lead:]
    start = 0
    while start < lead and tokens[start].value.lower() in _FILLERS:
        start += 1
    return tokens[start:]


def _words(tokens: list[Token]) -> Form:
    key = word_key(" ".join(token.value for token in tokens))
    if key is None:
        raise UnreadableError("no words")
    return Scalar(fingerprint(lone_letter(str(key[1])))) if key[0] == "letter" else Word(key)


_READERS = Readers(_answer, _item)
