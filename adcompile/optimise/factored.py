"""What an adjoint adds that is linear in a few elements is a sum with factors made before the loop.

Goal: the adjoint of a linear stencil with one product for each distinct factor, as a person writes it.  Adjoints alone:
the function's own sums keep the order that somebody wrote.  Rounding changes as it does where sums are added up in
another order, so only where that is allowed.

Legal where nothing that the sum reads is written in the loop; done where it saves operations.  Non-goals: quotients;
what is not linear, or not in elements of arrays of floats.

    for j in range(1, m - 1):                               factor = 1.0 - 4.0 * (k * dt)
        v_bar = dt * y_bar[j]                       ->      factor.1 = k * dt
        x_bar[j] += y_bar[j] - 4.0 * (k * v_bar)            for j in range(1, m - 1):
                    + k * (dt * y_bar[j - 1])                   x_bar[j] += factor * y_bar[j] + factor.1 * y_bar[j - 1]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from adcompile.analysis.aliasing import is_allocation, roots
from adcompile.analysis.effects import written_roots
from adcompile.analysis.lines import live
from adcompile.chain import ONE
from adcompile.ir.dtypes import dtype_of
from adcompile.ir.fold import folded
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Call,
    Const,
    Expr,
    For,
    Function,
    If,
    Index,
    Merge,
    Name,
    Names,
    Stmt,
    Store,
)
from adcompile.ir.types import FLOAT, Type, element
from adcompile.ir.walk import all_names, binds, blocks, defines, names, nodes, statements, substituted, with_blocks
from adcompile.optimise.own_roots import own_roots
from adcompile.optimise.rewriting import same, with_body

_Sum = dict[Index, Expr]  # elements, with their factors

_FEWEST = 3  # elements
_MOST = 16
_LONGEST = 500


def factored(function: Function) -> Function:
    """`function` with linear sums in adjoints written with one factor for each element, and `own_roots`."""
    function = own_roots(function)
    rewriter = _Rewriter(function)
    return with_body(function, rewriter.block(function.body), rewriter.types)


class _Rewriter:
    def __init__(self, function: Function) -> None:
        self.types: dict[str, Type] = dict(function.types)
        self.names = Names(tuple(all_names(function)))
        self.roots = roots(function)

    def block(self, block: Block) -> Block:
        out: list[Stmt] = []
        for stmt in block:
            if isinstance(stmt, For) and all(isinstance(s, (Assign, Store, Accum)) for s in stmt.body):
                out += self.loop(stmt)
            else:
                out.append(with_blocks(stmt, [self.block(inner) for inner in blocks(stmt)]))
        return block if same(out, block) else tuple(out)

    def loop(self, loop: For) -> list[Stmt]:
        """A loop, and the factors before it."""
        before: list[Assign] = []
        body: list[Stmt] = []
        linear = _Linear(loop)
        written = written_roots(loop.body, self.roots)
        for stmt in loop.body:
            if isinstance(stmt, (Store, Accum)) and stmt.origin and element(self.types[stmt.array]) == FLOAT:
                whole = linear.expanded(stmt.value)
                read = {self.roots.find(n.array.id) for n in nodes(whole) if isinstance(n, Index)}  # type: ignore[union-attr]
                found = None if read & written else linear(whole)
                if found is not None and _FEWEST <= len(found) <= _MOST and self.floats(found):
                    factors: list[Assign] = []
                    value = self.sum(found, factors)
                    if _operations(value) < sum(not linear.fixed(node) for node in _operations_of(whole)):
                        before += factors
                        stmt = replace(stmt, value=value)
            body.append(stmt)
        if same(body, loop.body):
            return [loop]
        return [*self.where_it_runs(loop, before), replace(loop, body=live(tuple(body), loop))]

    def where_it_runs(self, loop: For, before: list[Assign]) -> list[Stmt]:
        """Factors that read memory, made only if the loop runs: otherwise their elements need not be there."""
        if not any(isinstance(node, Index) for stmt in before for node in nodes(stmt.value)):
            return list(before)
        assert isinstance(loop.step, Const)
        runs = Call(np.less if loop.step.value > 0 else np.greater, (loop.start, loop.stop))
        values: dict[str, Expr] = {stmt.target: Name(self.factor()) for stmt in before}
        made = tuple(replace(stmt, target=values[stmt.target].id) for stmt in before)  # type: ignore[union-attr]
        merges = tuple(Merge(stmt.target, values[stmt.target], Const(0.0)) for stmt in before)  # type: ignore[arg-type]
        return [If(runs, made, (), merges)]

    def factor(self) -> str:
        name = self.names.fresh("factor")
        self.types[name] = FLOAT
        return name

    def floats(self, found: _Sum) -> bool:
        parts = [*found, *found.values()]
        return all(dtype_of(part, self.types) == FLOAT.dtype for part in parts)

    def sum(self, found: _Sum, factors: list[Assign]) -> Expr:
        """The elements with their factors, those of one factor together; names of factors are added to `factors`."""
        together: dict[Expr, Expr] = {}
        for element_, factor in found.items():
            factor = folded(factor, self.types)
            together[factor] = Call(np.add, (together[factor], element_)) if factor in together else element_
        total: Expr | None = None
        for factor, elements in together.items():
            if not isinstance(factor, (Const, Name)):
                factors.append(Assign(self.factor(), factor))
                factor = Name(factors[-1].target)
            term = elements if factor == ONE else Call(np.multiply, (factor, elements))
            total = term if total is None else Call(np.add, (total, term))
        assert total is not None
        return folded(total, self.types)


class _Linear:
    """What expressions in a loop are as sums over elements; nothing for what is no such sum."""

    def __init__(self, loop: For) -> None:
        self.varying = {name for s in statements(loop.body) for name in (*defines(s), *binds(s))} | set(binds(loop))
        self.values = {s.target: s.value for s in loop.body if isinstance(s, Assign) and not is_allocation(s.value)}
        self.sizes: dict[str, int] = {}
        for name, value in self.values.items():
            self.sizes[name] = self.size(value)

    def size(self, expr: Expr) -> int:
        """How many operations and elements an expression is without names of the loop's body."""
        return 1 + sum(self.sizes.get(name, 1) for name in names(expr))

    def expanded(self, expr: Expr) -> Expr:
        """An expression without names of numbers of the body, if that is short enough to be a sum of elements."""
        if self.size(expr) > _LONGEST:
            return expr
        while any(name in self.values for name in names(expr)):
            expr = substituted(expr, self.values)
        return expr

    def fixed(self, expr: Expr) -> bool:
        """Whether an expression is the same in each iteration."""
        return not any(name in self.varying for name in names(expr))

    def __call__(self, expr: Expr) -> _Sum | None:
        match expr:
            case Index() if not self.fixed(expr):
                return {expr: ONE}
            case Call(np.negative, (part,)):
                return self.scaled(self(part), Const(-1.0))
            case Call(np.add | np.subtract as fn, (left, right)):
                one, other = self(left), self(right)
                if fn is np.subtract:
                    other = self.scaled(other, Const(-1.0))
                if one is None or other is None:
                    return None
                for element_, factor in other.items():
                    one[element_] = Call(np.add, (one[element_], factor)) if element_ in one else factor
                return one
            case Call(np.multiply, (left, right)):
                if self.fixed(left):
                    return self.scaled(self(right), left)
                if self.fixed(right):
                    return self.scaled(self(left), right)
        return None

    def scaled(self, found: _Sum | None, by: Expr) -> _Sum | None:
        if found is None:
            return None
        return {
            element_: by if factor == ONE else Call(np.multiply, (by, factor)) for element_, factor in found.items()
        }


def _operations_of(expr: Expr) -> Iterator[Call]:
    return (node for node in nodes(expr) if isinstance(node, Call) and node.fn in _COUNTED)


def _operations(expr: Expr) -> int:
    return sum(1 for _ in _operations_of(expr))


_COUNTED = (np.add, np.subtract, np.multiply, np.negative)
