"""Texts that the run chooses, as numbers.

Goal: a variable that holds one of several texts, or `None`, and is only compared with such (or a letter of which is),
holds the number of the text instead: `kind = "a" if x > 0 else "b"` may be asked for later.  Non-goals: texts that are
returned, joined or printed; texts that are known before the run, which decide branches in `specialise`.

>>> from adcompile.frontend.read import read
>>> from adcompile.ir.show import show
>>> def f(x):
...     kind = "plain"
...     if x > 0.0:
...         kind = "fancy"
...     return x if kind == "fancy" else 2.0 * x
>>> print(show(with_numbers(read(f).function)).strip())
def f(x):
    kind = 1
    if x > 0.0:
        kind = 0
    return x if kind == 0 else 2.0 * x
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from adcompile.analysis.liveness import live_after
from adcompile.ir import ops
from adcompile.ir.nodes import Accum, Assign, Call, Const, Expr, Function, Index, Name, Stmt, Store, Tuple, Update
from adcompile.ir.walk import blocks, children, expressions, mapped, nodes, statements, with_blocks, with_expressions

_COMPARED = (np.equal, np.not_equal, operator.is_, operator.is_not)


def with_numbers(function: Function) -> Function:
    """A function before its types are known, whose variables of texts hold numbers where that says the same."""
    given: dict[str, set[object]] = {}
    places: dict[str, set[int]] = {}  # of letters that are asked for
    others: set[str] = set(function.params)
    live = live_after(function.body)
    for stmt in statements(function.body):
        if isinstance(stmt, Assign):
            if isinstance(stmt.value, Tuple) and stmt.target not in live[stmt]:
                continue  # nobody reads it
            texts = list(_texts(stmt.value))
            given.setdefault(stmt.target, set()).update(text.value for text in texts if isinstance(text, Const))
            if any(not isinstance(text, Const) for text in texts):
                others.add(stmt.target)
        elif isinstance(stmt, Update):
            others.add(stmt.target)
        others |= _read_otherwise(stmt)
        for name, place in _letters(stmt):
            places.setdefault(name, set()).add(place)
    for name, of in places.items():
        if any(_letter(text, place) is None for text in given.get(name, ()) for place in of):
            others.add(name)  # an error in the run
    several = {name: texts for name, texts in given.items() if len(texts) > 1 and name not in others}
    if not several:
        return function
    words = set[object]().union(*several.values())
    ordered = sorted(words, key=lambda word: (word is None, str(word)))
    rewritten = _Rewritten({word: number for number, word in enumerate(ordered)}, frozenset(several))
    return replace(function, body=tuple(map(rewritten.statement, function.body)))


def _texts(value: Expr) -> Iterator[Expr | None]:
    """The texts that a value is chosen among; nothing for any other value."""
    match value:
        case Const(str() | None):
            yield value
        case Call(ops.select, (_, then, orelse)):
            yield from _texts(then)
            yield from _texts(orelse)
        case Call(ops.undefined):
            return
        case _:
            yield None


def _compared(expr: Expr) -> str | None:
    """The variable of a comparison with a text, or with `None`; or of one of its letters."""
    match expr:
        case Call(np.equal | np.not_equal, (Index(Name(name), (Const(int()),)), Const(str())), ()):
            return name
        case Call(fn, (Name(name), Const(str() | None)), ()) if any(fn is one for one in _COMPARED):
            return name
    return None


def _letter(text: object, place: int) -> str | None:
    return text[place] if isinstance(text, str) and -len(text) <= place < len(text) else None


def _letters(stmt: Stmt) -> Iterator[tuple[str, int]]:
    """The variables of whose texts a statement asks for a letter, and for which."""
    for expr in expressions(stmt):
        for node in nodes(expr):
            match node:
                case Index(Name(name), (Const(int(place)),)):
                    yield name, place


def _read_otherwise(stmt: Stmt) -> set[str]:
    """The variables that a statement reads other than in comparisons with texts, or writes through."""
    found: set[str] = {stmt.array} if isinstance(stmt, (Store, Accum)) else set()
    waiting = list(expressions(stmt))
    while waiting:
        expr = waiting.pop()
        if isinstance(expr, Name):
            found.add(expr.id)
        elif _compared(expr) is None:
            waiting += children(expr)
    return found


@dataclass(frozen=True)
class _Rewritten:
    """Statements in which texts have numbers."""

    numbers: Mapping[object, int]
    variables: frozenset[str]

    def statement(self, stmt: Stmt) -> Stmt:
        """One statement, and those inside it."""
        old = list(expressions(stmt))
        new = [mapped(expr, self.asked) for expr in old]
        if isinstance(stmt, Assign) and stmt.target in self.variables:
            new = [self.given(value) for value in new]
        if not all(map(operator.is_, old, new)):
            stmt = with_expressions(stmt, new)
        inner = blocks(stmt)
        return with_blocks(stmt, [tuple(map(self.statement, block)) for block in inner]) if inner else stmt

    def asked(self, expr: Expr) -> Expr:
        """A comparison of one of the variables with a text."""
        if not isinstance(expr, Call) or _compared(expr) not in self.variables:
            return expr
        owner, text = expr.args
        same = expr.fn is np.equal or expr.fn is operator.is_
        assert isinstance(text, Const)
        if isinstance(owner, Index):
            (place,) = owner.index
            assert isinstance(place, Const)
            meant = [number for word, number in self.numbers.items() if _letter(word, place.value) == text.value]
            found = [Call(np.equal, (owner.array, Const(number))) for number in meant]
            whole: Expr = reduce(lambda one, other: Call(ops.either, (one, other)), found) if found else Const(False)
            return whole if same else Call(ops.negated, (whole,))
        return Call(np.equal if same else np.not_equal, (owner, Const(self.numbers.get(text.value, -1))))

    def given(self, value: Expr) -> Expr:
        """What one of the variables is given."""
        match value:
            case Const(text):
                return Const(self.numbers[text])
            case Tuple():  # which nobody reads
                return Const(0)
            case Call(ops.select, (test, then, orelse)):
                return Call(ops.select, (test, self.given(then), self.given(orelse)))
        return value
