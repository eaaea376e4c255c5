"""What is computed twice is computed once.

Goal: an expression whose value is at hand already (in a name, with no store since to what it loads) is replaced by
that name; one that stands more than once where it costs something gets a name.  Works on whole functions: a name given
before a loop serves inside it.

Non-goals: moving work out of loops or branches that might not run; expressions equal only after algebra; single cheap
operations (`x[i] - 1` twice is what a person writes too).

    s = np.sin(x) * y              t = np.sin(x)
    u = np.sin(x) + z      ->      s = t * y
                                   u = t + z
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from adcompile.analysis.aliasing import Roots, is_allocation, roots
from adcompile.analysis.effects import is_pure, loaded_roots, written_roots
from adcompile.ir import ops
from adcompile.ir.dtypes import COMPARISONS, dtype_of
from adcompile.ir.nodes import (
    Assign,
    Block,
    Call,
    Expr,
    For,
    Function,
    Index,
    Name,
    Names,
    Return,
    Stmt,
    While,
    base_of,
)
from adcompile.ir.types import Scalar, Type
from adcompile.ir.walk import (
    all_names,
    blocks,
    children,
    expressions,
    mapped,
    rebuilt,
    replaced,
    statements,
    with_blocks,
    with_expressions,
)
from adcompile.optimise.rewriting import same, size, with_body
from adcompile.runtime import multiply_no_nan

_CHEAP = frozenset(
    (np.add, np.subtract, np.multiply, np.negative, np.positive, np.divide, abs, min, max, np.absolute, np.minimum,
     np.maximum, np.sign, float, int, bool, np.float64, ops.select, ops.both, ops.either, ops.negated, np.sqrt,
     np.square, math.sqrt, math.fabs, multiply_no_nan)
) | COMPARISONS  # fmt: skip
_LAZY = (ops.select, ops.both, ops.either)
_WORTH_A_NAME = 2


@lru_cache(maxsize=1 << 14)
def cost(expr: Expr) -> int:
    """Roughly what computing an expression costs; loads and index arithmetic are free, a dear call is two."""
    match expr:
        case Index():
            return 0
        case Call(ops.dim):
            return 0
        case Call(fn, args):
            cheap = fn in _CHEAP or (fn is ops.power and getattr(args[1], "value", None) in (2, 3, -1))
            return (1 if cheap else 2) + sum(map(cost, args))
    return 0


def cse(function: Function) -> Function:
    """`function` with repeated expressions computed once."""
    function = _reused(function)
    return _named(function)


# ------------------------------------------------------------------------------------------ values at hand
def _reused(function: Function) -> Function:
    """Expressions that are the value of a name in sight, by that name."""
    finder = _Reuse(function)
    body = finder.block(function.body, {})
    return with_body(function, replaced(body, finder.copies))


class _Reuse:
    def __init__(self, function: Function) -> None:
        self.types = function.types
        self.roots = roots(function)
        self.copies: dict[str, Expr] = {}

    def block(self, block: Block, known: dict[Expr, str]) -> Block:
        """The block with what is `known` used; `known` grows, and forgets what is stored to."""
        result: list[Stmt] = []
        for stmt in block:
            new = stmt
            if not isinstance(stmt, While):
                new = with_expressions(stmt, [self.expression(e, known) for e in expressions(stmt)])
            if isinstance(new, Assign) and self.learns(new):
                again = self.learn(new, known)
                if again is not None:
                    self.copies[new.target] = again
                    continue
            written = written_roots((new,), self.roots)
            if isinstance(new, (For, While)):
                _forget(known, written, self.roots)
            inner = [self.block(b, dict(known)) for b in blocks(new)]
            _forget(known, written, self.roots)
            result.append(with_blocks(new, inner))
        return block if same(result, block) else tuple(result)

    def learns(self, stmt: Assign) -> bool:
        value = stmt.value
        return (
            isinstance(self.types.get(stmt.target), Scalar)
            and isinstance(value, (Call, Index))
            and not is_allocation(value)
            and is_pure(value)
            and value != Call(ops.undefined, ())
        )

    def learn(self, stmt: Assign, known: dict[Expr, str]) -> Name | None:
        """Remember a value under its name, or say which name has it already."""
        value = self.resolved(stmt.value)
        held = known.get(value)
        if (
            held is not None
            and self.types.get(held) == self.types.get(stmt.target)
            and (cost(value) > 0 or base_of(held) == base_of(stmt.target))
        ):
            return Name(held)
        known[value] = stmt.target
        return None

    def resolved(self, expr: Expr) -> Expr:
        return mapped(expr, lambda e: self.copies.get(e.id, e) if isinstance(e, Name) else e)

    def expression(self, expr: Expr, known: dict[Expr, str]) -> Expr:
        """Parts of an expression that are known and dear, by their names; the whole value of an `Assign` is not."""
        if not known or cost(expr) < _WORTH_A_NAME:
            return expr
        held = known.get(self.resolved(expr))
        if held is not None and self.of_name_type(expr, held):
            return Name(held)
        parts = children(expr)
        new = [self.expression(part, known) for part in parts]
        return expr if same(new, parts) else rebuilt(expr, new)

    def of_name_type(self, expr: Expr, name: str) -> bool:
        return Scalar(dtype_of(expr, self.types)) == self.types.get(name)


def _forget(known: dict[Expr, str], written: set[str], roots_: Roots) -> None:
    if written:
        for expr in [e for e in known if loaded_roots(e, roots_) & written]:
            del known[expr]


# ------------------------------------------------------------------------------------------ names for repeats
def _named(function: Function) -> Function:
    """Dear expressions that stand more than once get a name before the first."""
    names = Names(tuple(all_names(function)))
    types = dict(function.types)
    roots_ = roots(function)
    temporaries = {s.target for s in statements(function.body) if isinstance(s, Assign) and not s.origin}
    has_t = any(base_of(name) == "t" for name in {*all_names(function)} - temporaries)

    def block(old: Block) -> Block:
        body = old
        while True:
            found = _Repeats(body, roots_, types).best()
            if found is None:
                break
            expr, position = found
            target = names.fresh(_readable_name(expr) or ("tmp" if has_t else "t"))
            types[target] = Scalar(dtype_of(expr, types))
            assign = Assign(target, expr, span=body[position].span)
            rest = _Replacing(expr, target, roots_).block(body[position:])[0]
            body = (*body[:position], assign, *rest)
        inside = tuple(with_blocks(s, [block(b) for b in blocks(s)]) for s in body)
        return body if same(inside, body) else inside

    return with_body(function, block(function.body), types)


def _readable_name(expr: Expr) -> str:
    """`sin_x` for `np.sin(x)`; otherwise nothing: the name is `t`, or `tmp` where the function has a `t` of its own."""
    if isinstance(expr, Call) and len(expr.args) == 1 and isinstance(expr.args[0], Name):
        return f"{expr.fn.__name__.lstrip('_')}_{base_of(expr.args[0].id)}"
    return ""


def _evaluated(expr: Expr) -> Iterator[Expr]:
    """The parts of an expression that are computed whenever it is; largest first within each."""
    if isinstance(expr, Call) and expr.fn in _LAZY:
        yield expr
        yield from _evaluated(expr.args[0])
        return
    yield expr
    for part in children(expr):
        yield from _evaluated(part)


class _Repeats:
    """Counts, for one block, what its own lines compute for certain and it or the blocks inside compute again."""

    def __init__(self, block: Block, roots_: Roots, types: dict[str, Type]) -> None:
        self.block = block
        self.roots = roots_
        self.types = types

    def best(self) -> tuple[Expr, int] | None:
        """The expression most worth a name, and the position of the statement that first computes it.

        Dear calls first, the innermost of them; then whatever is longest.
        """
        first: dict[Expr, int] = {}
        choice: tuple[tuple[bool, int, int], Expr] | None = None
        everywhere = self._occurrences()
        for position, stmt in enumerate(self.block):
            if isinstance(stmt, (While, Return)):
                continue
            for whole in expressions(stmt):
                for expr in _evaluated(whole):
                    if expr in first or everywhere.get(expr, 0) < 2 or not self._worth(expr):
                        continue
                    if isinstance(stmt, Assign) and expr is stmt.value:
                        continue  # it has a name
                    first[expr] = position
                    if _Replacing(expr, "", self.roots).block(self.block[position:])[1] >= 2:
                        dear = cost(expr) - sum(map(cost, children(expr))) >= _WORTH_A_NAME
                        key = (dear, -size(expr) if dear else size(expr), -position)
                        if choice is None or key > choice[0]:
                            choice = key, expr
        return None if choice is None else (choice[1], -choice[0][2])

    def _occurrences(self) -> dict[Expr, int]:
        result: dict[Expr, int] = {}

        def walk(block: Block) -> None:
            for stmt in block:
                for whole in expressions(stmt):
                    _count(whole, result)
                for inner in blocks(stmt):
                    walk(inner)

        walk(self.block)
        return result

    def _worth(self, expr: Expr) -> bool:
        return (
            isinstance(expr, Call)
            and not is_allocation(expr)
            and cost(expr) >= _WORTH_A_NAME
            and is_pure(expr)
            and bool(dtype_of(expr, self.types))
        )


def _count(expr: Expr, result: dict[Expr, int]) -> None:
    if isinstance(expr, Call):
        result[expr] = result.get(expr, 0) + 1
    for part in children(expr):
        _count(part, result)


@lru_cache(maxsize=1 << 16)
def _calls(expr: Expr) -> frozenset[Expr]:
    """Every call in an expression."""
    own = frozenset((expr,)) if isinstance(expr, Call) else frozenset[Expr]()
    return own.union(*map(_calls, children(expr)))


@lru_cache(maxsize=1 << 16)
def _calls_inside(stmt: Stmt) -> frozenset[Expr]:
    """Every call of a statement, and of those in its blocks."""
    own = frozenset[Expr]().union(*map(_calls, expressions(stmt)))
    return own.union(*(_calls_inside(inner) for block in blocks(stmt) for inner in block))


class _Replacing:
    """Puts a name for an expression from the first statement of a block on, until what it loads is stored to."""

    def __init__(self, expr: Expr, name: str, roots_: Roots) -> None:
        self.expr = expr
        self.name = Name(name)
        self.roots = roots_
        self.loads = loaded_roots(expr, roots_)
        self.done = 0

    def block(self, block: Block) -> tuple[Block, int]:
        return self._block(block)[0], self.done

    def _block(self, block: Block) -> tuple[Block, bool]:
        """The block with replacements, and whether the value is still good after it."""
        result: list[Stmt] = []
        for position, stmt in enumerate(block):
            spoilt = bool(self.loads & written_roots((stmt,), self.roots))
            if isinstance(stmt, (For, While)) and spoilt:
                if isinstance(stmt, For):
                    stmt = self._line(stmt)
                return (*result, stmt, *block[position + 1 :]), False
            new = stmt
            if self.expr in _calls_inside(stmt):
                new = self._line(stmt)
                new = with_blocks(new, [self._block(b)[0] for b in blocks(new)])
            result.append(new)
            if spoilt:
                return (*result, *block[position + 1 :]), False
        return (block if same(result, block) else tuple(result)), True

    def _line(self, stmt: Stmt) -> Stmt:
        return with_expressions(stmt, [self._expression(e) for e in expressions(stmt)])

    def _expression(self, expr: Expr) -> Expr:
        if self.expr not in _calls(expr):
            return expr
        if expr == self.expr:
            self.done += 1
            return self.name
        parts = children(expr)
        new = [self._expression(part) for part in parts]
        return expr if same(new, parts) else rebuilt(expr, new)
