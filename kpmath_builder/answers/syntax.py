"""Parses the tokens of one scalar into an expression tree: recursive descent with implicit products, bounded in depth."""

from fractions import Fraction

from kpmath_builder.answers.tokens import Token, UnboundedError, UnreadableError
from kpmath_builder.answers.trees import Call, Expression, Number, Symbol, number, symbols

__all__ = ["parse_expression"]

_MAX_DEPTH = 60
_MAX_POSTFIXES = 20
_CLOSERS = {"(": ")", "[": "]", "{": "}", "set": "set", "<": "<", "floor": "floor", "ceil": "ceil"}
_FUNCTION_LETTERS = frozenset(("f", "g", "F", "G", "P", "Q", "phi", "psi"))
_HUNDRED = Fraction(100)
"""What a percent sign divides by; this very object marks that one stood there."""
_CONSTANTS = frozenset(("e", "i", "pi", "infty"))
_ALIASES = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "lg": "log10"}


def parse_expression(tokens: list[Token]) -> Expression:
    """Return the tree of one scalar expression.

    Raises
    ------
    UnreadableError
        Where the tokens are no expression, or nest deeper than 60.

    """
    parser = _Parser(tokens)
    tree = parser.sum(0)
    if parser.at < len(tokens):
        raise UnreadableError("something follows the expression")
    return tree


class _Parser:
    """Recursive descent over a token list; `at` is the next token."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.bars = 0
        """Absolute values that are open here: the next bar closes one."""

    def _peek(self) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _takes(self, kind: str, *values: str) -> Token | None:
        token = self._peek()
        if token is None or token.kind != kind or (values and token.value not in values):
            return None
        self.at += 1
        return token

    def _need(self, kind: str, value: str) -> None:
        if not self._takes(kind, value):
            raise UnreadableError(f"no {value}")

    def sum(self, depth: int) -> Expression:
        if depth > _MAX_DEPTH:
            raise UnboundedError("nested too deep")
        terms = [self._signed(depth)]
        while sign := self._takes("operator", "+", "-", "pm", "mp"):
            term = self._product(depth)
            terms.append(
                term if sign.value == "+" else Call({"-": "neg"}.get(sign.value, sign.value), (term,))
            )
        if len(terms) > 1 and any(isinstance(term, Call) and term.name == "mod" for term in terms):
            raise UnreadableError("a remainder of one term or of the whole sum")
        return terms[0] if len(terms) == 1 else Call("add", tuple(terms))

    def _signed(self, depth: int) -> Expression:
        sign = self._takes("operator", "+", "-", "pm", "mp")
        if sign is None:
            return self._product(depth)
        if depth > _MAX_DEPTH:
            raise UnboundedError("nested too deep")
        inner = self._signed(depth + 1)
        return inner if sign.value == "+" else Call({"-": "neg"}.get(sign.value, sign.value), (inner,))

    def _product(self, depth: int) -> Expression:
        """Return factors over divisors, however many: a long product makes no deep tree."""
        above, below = [self._power(depth)], list[Expression]()
        last = above
        while True:
            if self._takes("operator", "*"):
                last = above
                above.append(self._factor(depth))
            elif self._takes("operator", "/"):
                last = below
                below.append(self._factor(depth))
            elif self._takes("operator", "mod"):
                above, below = [Call("mod", (_quotient(above, below), self._factor(depth)))], []
                last = above
            elif self._starts_factor():
                self._join(above, last[-1], depth, alone=len(above) == 1 and not below)
            else:
                break
        return _quotient(above, below)

    def _factor(self, depth: int) -> Expression:
        """After `*` or `/` a sign may stand: 2*-3."""
        if self._takes("operator", "-"):
            return Call("neg", (self._power(depth),))
        self._takes("operator", "+")
        return self._power(depth)

    def _starts_factor(self) -> bool:
        token = self._peek()
        if token is None or token.kind != "operator":
            return token is not None and token.kind in {"number", "symbol", "function", "open"}
        return token.value == "|" and not self.bars

    def _join(self, factors: list[Expression], last: Expression, depth: int, *, alone: bool) -> None:
        r"""Multiply by what stands side by side; only in `1\frac{1}{2}`, a mixed number, it is added."""
        token = self._peek()
        if token is not None and token.kind == "number" and isinstance(last, Number):
            raise UnreadableError("two numbers side by side")
        right = self._power(depth)
        whole = isinstance(last, Number) and last.value.denominator == 1
        percent = _percentage(right)
        if alone and whole and token is not None and token.value == "frac" and _proper(percent or right):
            mixed = Call("add", (last, percent or right))
            factors[0] = Call("div", (mixed, Number(_HUNDRED))) if percent else mixed
        else:
            factors.append(right)

    def _power(self, depth: int) -> Expression:
        base = self._postfix(self._atom(depth))
        if not self._takes("operator", "^"):
            return base
        exponent = self._exponent(depth + 1)
        return self._postfix(_raised(base, exponent))

    def _exponent(self, depth: int) -> Expression:
        if depth > _MAX_DEPTH:
            raise UnboundedError("nested too deep")
        if self._takes("operator", "-"):
            return Call("neg", (self._exponent(depth + 1),))
        self._takes("operator", "+")
        return self._power(depth)

    def _postfix(self, tree: Expression) -> Expression:
        for _ in range(_MAX_POSTFIXES):
            if self._takes("operator", "!"):
                if self._takes("operator", "!"):
                    raise UnreadableError("a double factorial")
                tree = Call("factorial", (tree,))
            elif self._takes("postfix", "%"):
                tree = Call("div", (tree, Number(_HUNDRED)))
            elif self._takes("postfix", "degree"):
                tree = Call("degree", (tree,))
            else:
                return tree
        raise UnboundedError("too many signs behind a value")

    def _atom(self, depth: int) -> Expression:
        token = self._peek()
        if token is None:
            raise UnreadableError("the expression breaks off")
        self.at += 1
        if token.kind == "number":
            return _literal(token.value)
        if token.kind == "symbol":
            return self._symbol(token.value, depth)
        if token.kind == "open":
            return self._group(token.value, depth)
        if token.kind == "function":
            return self._function(token.value, depth)
        if token.kind == "operator" and token.value == "|":
            self.bars += 1
            inner = self.sum(depth + 1)
            self._need("operator", "|")
            self.bars -= 1
            return Call("abs", (inner,))
        raise UnreadableError(f"unexpected {token.value!r}")

    def _symbol(self, name: str, depth: int) -> Expression:
        following = self._peek()
        if following is None or following.kind != "open" or following.value != "(" or name in _CONSTANTS:
            return Symbol(name)
        if name.rstrip("'").split("_")[0] in _FUNCTION_LETTERS or self._called():
            self.at += 1
            arguments = self._arguments(")", depth)
            chosen = name == "C" and len(arguments) == 2
            return Call("binom", arguments) if chosen else Call(f"unknown {name}", arguments)
        return Symbol(name)

    def _called(self) -> bool:
        """Whether the bracket behind a letter holds arguments, `I(0)`, `C(10, 3)`, and no factor: `x(x+1)`."""
        inside = self.tokens[self.at + 1 :]
        close = next((at for at, token in enumerate(inside) if token.kind == "close"), 0)
        return close == 1 or any(token.kind == "separator" for token in inside[:close])

    def _arguments(self, closer: str, depth: int) -> tuple[Expression, ...]:
        arguments = [self.sum(depth + 1)]
        while self._takes("separator", ",", ";"):
            arguments.append(self.sum(depth + 1))
        self._need("close", closer)
        return tuple(arguments)

    def _group(self, opener: str, depth: int) -> Expression:
        if opener in {"set", "<"}:
            raise UnreadableError("a set inside an expression")
        bars, self.bars = self.bars, 0
        inner = self.sum(depth + 1)
        self._need("close", _CLOSERS[opener])
        self.bars = bars
        return Call(opener, (inner,)) if opener in {"floor", "ceil"} else inner

    def _function(self, name: str, depth: int) -> Expression:
        name = _ALIASES.get(name, name)
        if name in {"frac", "binom"}:
            return Call("div" if name == "frac" else name, (self._short(depth), self._short(depth)))
        if name == "sqrt":
            return self._root(depth)
        base = self._base() if name in {"log", "ln"} else None
        power = self._exponent(depth + 1) if self._takes("operator", "^") else None
        arguments = self._operand(depth)
        if name == "log" and base is None:
            base = Symbol("log base")  # 10 or e: left open, so that only what holds for both is equal
        if base is not None:
            arguments = (*arguments, base)
        if power is None:
            return Call(name, arguments)
        if power == Call("neg", (Number(Fraction(1)),)) and name in {"sin", "cos", "tan"}:
            return Call("arc" + name, arguments)
        return Call("pow", (Call(name, arguments), power))

    def _base(self) -> Expression | None:
        token = self._peek()
        if token is None or token.kind != "text" or not token.value.startswith("_"):
            return None
        self.at += 1
        inner = token.value[1:]
        return _literal(inner) if inner.isdigit() else Symbol(inner)

    def _root(self, depth: int) -> Expression:
        index: Expression = Number(Fraction(2))
        if self._takes("open", "["):
            index = self.sum(depth + 1)
            self._need("close", "]")
        radicand = self._atom(depth + 1)  # without braces: one sign, one number or one bracket
        return _raised(radicand, Call("div", (Number(Fraction(1)), index)), Call("root", (radicand, index)))

    def _short(self, depth: int) -> Expression:
        r"""Return an argument of `\frac`: a brace group, or one sign, which of `12` in `\frac12` is the first digit."""
        token = self._peek()
        if token is None:
            raise UnreadableError("half a fraction")
        if token.kind != "number" or len(token.value) == 1:
            return self._atom(depth + 1)
        if not token.value.isdigit():
            raise UnreadableError("half a fraction")
        rest = Token("number", token.value[1:], token.start + 1, token.end)
        self.tokens = [*self.tokens[: self.at], rest, *self.tokens[self.at + 1 :]]
        return _literal(token.value[0])

    def _operand(self, depth: int) -> tuple[Expression, ...]:
        """Return what a function is applied to: a bracket, or the factors up to the next sum, relation or function."""
        token = self._peek()
        if token is not None and token.kind == "open" and token.value in {"(", "{", "[", "set"}:
            self.at += 1
            return self._arguments(_CLOSERS[token.value], depth)
        if depth > _MAX_DEPTH:
            raise UnboundedError("nested too deep")
        factors, divisors = [self._power(depth + 1)], list[Expression]()
        while self._continues_argument():
            self._join(factors, factors[-1], depth + 1, alone=len(factors) == 1)
        while self._divides_argument():
            self.at += 1
            divisors.append(self._power(depth + 1))
        numerator = _multiplied(factors)
        return (Call("div", (numerator, _multiplied(divisors))) if divisors else numerator,)

    def _continues_argument(self) -> bool:
        token = self._peek()
        return (
            token is not None and token.kind in {"number", "symbol", "function"} and not _is_function(token)
        )

    def _divides_argument(self) -> bool:
        r"""Whether a slash still belongs to the argument: in `\sin \pi/6` yes, in `\log 8 / \log 2` no."""
        following = self.tokens[self.at : self.at + 2]
        slash = len(following) == 2 and following[0].kind == "operator" and following[0].value == "/"
        return slash and following[1].kind in {"number", "symbol"}


def _quotient(above: list[Expression], below: list[Expression]) -> Expression:
    numerator = _multiplied(above)
    return Call("div", (numerator, _multiplied(below))) if below else numerator


def _multiplied(factors: list[Expression]) -> Expression:
    return factors[0] if len(factors) == 1 else Call("mul", tuple(factors))


def _raised(base: Expression, exponent: Expression, otherwise: Expression | None = None) -> Expression:
    r"""Return a power; of an even power of a variable it is one of its absolute value: \sqrt{x^2} = |x|."""
    match base, exponent:
        case (Call("pow", (inner, Number(even))), Call("div", (Number(above), Number(below)))) if (
            even.denominator == 1 and even % 2 == 0 and below and symbols(inner) and _is_real(inner)
        ):
            return Call("pow", (Call("abs", (inner,)), Number(even * above / below)))
    return otherwise or Call("pow", (base, exponent))


def _is_real(tree: Expression) -> bool:
    if isinstance(tree, Call):
        return all(_is_real(argument) for argument in tree.arguments)
    return tree != Symbol("i")


def _is_function(token: Token) -> bool:
    return token.kind == "function" and token.value not in {"frac", "sqrt", "binom"}


def _percentage(tree: Expression) -> Expression | None:
    r"""Return what a percent sign stands behind: in `33\frac13\%` it belongs to the whole mixed number."""
    match tree:
        case Call("div", (inner, Number(value))) if value is _HUNDRED:
            return inner
    return None


def _proper(tree: Expression) -> bool:
    match tree:
        case Call("div", (Number(above), Number(below))):
            return above.denominator == below.denominator == 1 and above > 0 and below > 0
    return False


def _literal(text: str) -> Expression:
    if "_" not in text:
        return number(text)
    digits, base = text.split("_", 1)
    if base in {"10", "ten"}:
        return number(digits)
    return Symbol(f"{digits.lstrip('0')}_{base}")
