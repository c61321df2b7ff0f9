r"""Reads the outer structure of an answer: conditions, lists, tuples, sets, intervals, matrices, equations, inequalities, ±.

Works on tokens by splitting at the outermost separators and relations; what is left between them is one scalar. Every token
ends in the form, or in one of the tables of what may be left out, or makes the answer unreadable.
"""

from dataclasses import replace
from itertools import pairwise, product

from kpmath_builder.answers.brackets import grid, read_bracketed, read_matrix
from kpmath_builder.answers.conditions import parameters_renamed, read_condition, split_condition
from kpmath_builder.answers.forms import Form, Given, Group, Labelled, Scalar, Word, as_list, flat
from kpmath_builder.answers.lists import gathered, mixed_number, named, outer_separator, together
from kpmath_builder.answers.matrices import matrix_value
from kpmath_builder.answers.numerals import with_numerals
from kpmath_builder.answers.prose import word_key
from kpmath_builder.answers.quantities import infinite, lone_letter, moment, residue, scalar
from kpmath_builder.answers.readers import Readers
from kpmath_builder.answers.scanner import tokenize
from kpmath_builder.answers.splitting import closing, level, split
from kpmath_builder.answers.statements import label_of, read_relation, without_fillers
from kpmath_builder.answers.tokens import Token, UnreadableError
from kpmath_builder.answers.trees import number
from kpmath_builder.answers.unions import line_without, united
from kpmath_builder.answers.values import fingerprint
from kpmath_builder.answers.vocabulary import names

__all__ = ["read_shape"]

_VERBS = names("is are equals equal be")
_MAX_VARIANTS = 4
_MAX_ITEMS = 400


def read_shape(text: str) -> Form:
    """Return the form of a normalised answer.

    Raises
    ------
    UnreadableError
        If some of it is not read as mathematics.

    """
    return _answer(with_numerals(_outward(tokenize(text))))


def _outward(tokens: list[Token]) -> list[Token]:
    """Return `]1, 3[` as `(1, 3)`."""
    turned = list(tokens)
    if len(tokens) > 2 and tokens[0].value == "]" and tokens[-1].value in {"]", "["}:
        turned[0] = replace(tokens[0], kind="open", value="(")
    if len(tokens) > 2 and tokens[-1].value == "[" and tokens[0].value in {"[", "]"}:
        turned[-1] = replace(tokens[-1], kind="close", value=")")
    return turned


def _answer(tokens: list[Token]) -> Form:
    value, condition = split_condition(without_fillers(tokens))
    if not condition:
        return _list(value)
    value, condition = parameters_renamed(value, condition)
    form = _list(value)
    if not condition:
        return form
    key = read_condition(condition, _READERS, function=isinstance(form, Labelled) and form.bound is not None)
    return form if key is None else Given(form, key)


def _list(tokens: list[Token]) -> Form:
    pieces, between = split(tokens, lambda token: token.kind == "separator")
    pieces, words = _without_gaps(pieces, [token.value for token in between])
    if len(pieces) > _MAX_ITEMS:
        raise UnreadableError("too many items")
    if len(pieces) == 1:
        return _item(pieces[0])
    forms = [part for piece in pieces for part in flat(_item(piece))]
    return _gathered(pieces, words, forms)


def _gathered(pieces: list[list[Token]], words: list[str], forms: list[Form]) -> Form:
    outer = outer_separator(words)
    if outer and not named(forms):
        return gathered(_nested(pieces, words, outer), frozenset((outer,)))
    if words == ["and"]:
        whole = mixed_number(pieces, forms)
        if whole is not None:
            return whole
    return gathered(forms, frozenset(words))


def _nested(pieces: list[list[Token]], words: list[str], outer: str) -> list[Form]:
    """Return one form for each stretch between the outer separators of a list of lists."""
    ends = [at + 1 for at, word in enumerate(words) if word == outer]
    stretches = pairwise([0, *ends, len(pieces)])
    found: list[Form] = []
    for start, end in stretches:
        own, between = pieces[start:end], words[start : end - 1]
        if len(own) == 1:
            found += flat(_item(own[0]))
        else:
            inner = _gathered(own, between, [part for piece in own for part in flat(_item(piece))])
            found.append(together(inner, ordered=outer == ";"))
    return found


def _without_gaps(pieces: list[list[Token]], words: list[str]) -> tuple[list[list[Token]], list[str]]:
    """Drop what is empty between a comma and `and`, which is one separator, and behind a last comma; nothing else may be empty."""
    kept, separators = pieces[:1], list[str]()
    for word, piece in zip(words, pieces[1:], strict=True):
        if not kept[-1] and len(kept) > 1 and separators[-1] in {",", ";"} and word in {"and", "or"}:
            kept[-1], separators[-1] = piece, word
        else:
            kept.append(piece)
            separators.append(word)
    if not kept[-1] and separators and separators[-1] in {",", ";"}:
        kept, separators = kept[:-1], separators[:-1]
    if len(kept) > 1 and not all(kept):
        raise UnreadableError("an empty item")
    return kept, separators


def _item(tokens: list[Token]) -> Form:
    if len(tokens) == 1 and tokens[0].kind == "number" and tokens[0].value.isdigit():
        return Scalar(fingerprint(number(tokens[0].value)))
    signs = _outer_signs(tokens)
    if not signs or (tokens[0].value in {"set", "{"} and closing(tokens) == len(tokens) - 1):
        return _plain_item(tokens)
    forms: list[Form] = []
    for variant in _variants(tokens, signs):
        forms += [form for form in flat(_plain_item(variant)) if form not in forms]
    return as_list(forms)


def _outer_signs(tokens: list[Token]) -> list[Token]:
    """Return the ± and ∓ that stand in no set: those in one double its elements only."""
    signs, depth = [], 0
    for token in tokens:
        depth += (token.value == "set") * ((token.kind == "open") - (token.kind == "close"))
        if not depth and token.kind == "operator" and token.value in {"pm", "mp"}:
            signs.append(token)
    return signs


def _variants(tokens: list[Token], signs: list[Token]) -> list[list[Token]]:
    """Return the item once for each choice of signs: one choice for all if ∓ stands among them."""
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
    tokens = _with_verb(without_fillers(tokens))
    if not tokens:
        raise UnreadableError("nothing")
    sides, relations = split(tokens, lambda token: token.kind == "relation")
    if relations:
        return read_relation(sides, [token.value for token in relations], _READERS)
    sets, signs = split(tokens, lambda token: token.kind == "operator" and token.value in {"cup", "setminus"})
    if signs and all(sign.value == "cup" for sign in signs):
        return united([_plain_item(part) for part in sets])
    if signs and [token.value for token in sets[0]] == ["set R"] and len(sets) == 2:
        excluded = _plain_item(sets[1])
        return line_without(excluded.items if isinstance(excluded, Group) else [excluded])
    if [token.value for token in tokens] == ["set R"]:
        return Group("interval", tuple(Scalar(infinite(sign)) for sign in (-1, 1)), "()")
    if all(token.kind == "text" for token in tokens):
        return _words(tokens)
    if tokens[0].kind == "matrix" and len(tokens) == 1:
        return read_matrix(tokens[0], _READERS)
    group = _point(tokens) or read_bracketed(tokens, _READERS)
    if group is not None:
        return group
    if any(token.kind == "matrix" for token in tokens):
        return grid([[Scalar(fingerprint(entry)) for entry in row] for row in matrix_value(tokens)])
    return moment(tokens) or residue(tokens) or scalar(tokens)


def _with_verb(tokens: list[Token]) -> list[Token]:
    """Return `The sum is 5` as `The sum = 5`."""
    for at, token in enumerate(tokens[:-1]):
        verb = token.kind == "text" and token.value.lower() in _VERBS
        if verb and at and tokens[at + 1].kind != "text" and level(tokens[:at]) == 0:
            return [*tokens[:at], replace(token, kind="relation", value="="), *tokens[at + 1 :]]
    return tokens


def _point(tokens: list[Token]) -> Form | None:
    """Return `P(3, -2)` as the pair with its name; `C(10, 3)`, `f(1, 2)` are values."""
    named = (
        len(tokens) > 4
        and tokens[0].kind == "symbol"
        and tokens[0].value.isupper()
        and tokens[1].value == "("
    )
    if not named or tokens[0].value in {"C", "F", "G", "N", "U"} or closing(tokens[1:]) != len(tokens) - 2:
        return None
    numbers = all(
        token.kind in {"number", "operator", "separator", "function", "open", "close"} for token in tokens[1:]
    )
    label = label_of(tokens[:1])
    form = read_bracketed(tokens[1:], _READERS) if numbers and label else None
    return Labelled(label, form) if isinstance(form, Group) and label else None


def _words(tokens: list[Token]) -> Form:
    key = word_key(" ".join(token.value for token in tokens))
    if key is None:
        raise UnreadableError("no words")
    return Scalar(fingerprint(lone_letter(str(key[1])))) if key[0] == "letter" else Word(key)


_READERS = Readers(_answer, _item)
