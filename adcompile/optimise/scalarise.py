"""An array that only passes values from one line to a later one becomes names.

Goal: after `fuse`, the temporaries between array expressions are stored to and loaded in one iteration; the load takes
the value itself, and the array can go.  Done only where every load of the array can be had so.

Non-goals: arrays that stay anyway (a processor forwards a store by itself, and `s += w[k]` reads better).

    for i in range(n):                     for i in range(n):
        y[i] = np.sin(x[i])        ->          y_i = np.sin(x[i])
        z[i] += y[i] * x[i]                    z[i] += y_i * x[i]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from adcompile.analysis.aliasing import is_allocation, roots
from adcompile.analysis.effects import written_roots
from adcompile.analysis.subscripts import Access, line_accesses
from adcompile.ir.dtypes import dtype_of
from adcompile.ir.nodes import (
    Assign,
    Atom,
    Block,
    Const,
    Expr,
    For,
    Function,
    Index,
    Name,
    Names,
    Stmt,
    Store,
    While,
    base_of,
)
from adcompile.ir.types import Array, Scalar, Type
from adcompile.ir.walk import blocks, core_names, expressions, loads, mapped, statements, with_blocks, with_expressions
from adcompile.optimise.rewriting import same, with_body

_Known = dict[tuple[str, tuple[Expr, ...]], Atom]


def scalarise(function: Function) -> Function:
    """`function` with arrays whose every load follows a store of the same line of work replaced by names."""
    candidates = _candidates(function)
    if not candidates:
        return function
    counting = _Forwarder(function, candidates)
    counting.block(function.body, {})
    loads = Counter(root for root, access in _touched(function) if access.kind == "load")
    chosen = {root for root in candidates if counting.done[root] and counting.done[root] == loads[root]}
    if not chosen:
        return function
    forwarder = _Forwarder(function, chosen)
    return with_body(function, forwarder.block(function.body, {}), forwarder.types)


def _candidates(function: Function) -> set[str]:
    """Arrays made by one allocation and never given away whole."""
    roots_ = roots(function)
    made = Counter(
        roots_.find(s.target)
        for s in statements(function.body)
        if isinstance(s, Assign) and isinstance(function.types.get(s.target), Array)
    )
    allocated = {s.target for s in statements(function.body) if isinstance(s, Assign) and is_allocation(s.value)}
    whole = {root for root, access in _touched(function) if access.index is None}
    return {root for root, count in made.items() if count == 1 and root in allocated - whole}


def _touched(function: Function) -> Iterator[tuple[str, Access]]:
    """Every access of the function, with the root that it touches."""
    roots_ = roots(function)
    for stmt in statements(function.body):
        yield from ((roots_.find(name), access) for name, access in line_accesses(stmt))


class _Forwarder:
    def __init__(self, function: Function, chosen: set[str]) -> None:
        self.roots = roots(function)
        self.types: dict[str, Type] = dict(function.types)
        self.names = Names(core_names(function))
        self.chosen = chosen
        self.done: Counter[str] = Counter()

    def block(self, block: Block, known: _Known) -> Block:
        result: list[Stmt] = []
        for stmt in block:
            written = written_roots((stmt,), self.roots)
            if isinstance(stmt, (For, While)):
                bounds = dict(known)
                self.forget(known, written)
                seen = known if isinstance(stmt, While) else bounds
            else:
                seen = known
            new = with_expressions(stmt, [self.loaded(e, seen) for e in expressions(stmt)])
            new = with_blocks(new, [self.block(b, dict(known)) for b in blocks(new)])
            self.forget(known, written)
            result.extend(self.remembered(new, known))
        return block if same(result, block) else tuple(result)

    def loaded(self, expr: Expr, known: _Known) -> Expr:
        """Loads of what is known, by the value."""

        def one(node: Expr) -> Expr:
            if isinstance(node, Index) and isinstance(node.array, Name):
                value = known.get((node.array.id, node.index))
                if value is not None:
                    self.done[node.array.id] += 1
                    return value
            return node

        return mapped(expr, one) if known else expr

    def remembered(self, stmt: Stmt, known: _Known) -> tuple[Stmt, ...]:
        """The statement, with a name for the value it stores."""
        if not isinstance(stmt, Store) or stmt.array not in self.chosen:
            return (stmt,)
        array = self.types[stmt.array]
        assert isinstance(array, Array)
        if dtype_of(stmt.value, self.types) != array.dtype or any(True for e in stmt.index for _ in loads(e)):
            return (stmt,)
        if isinstance(stmt.value, (Const, Name)):
            known[stmt.array, stmt.index] = stmt.value
            return (stmt,)
        name = self.names.fresh(self.readable(stmt))
        self.types[name] = Scalar(array.dtype)
        known[stmt.array, stmt.index] = Name(name)
        return (
            Assign(name, stmt.value, span=stmt.span, origin=stmt.origin),
            Store(stmt.array, stmt.index, Name(name), span=stmt.span, origin=stmt.origin),
        )

    def readable(self, stmt: Store) -> str:
        """`y_i` for `y[i]`."""
        parts = [base_of(e.id) for e in stmt.index if isinstance(e, Name)]
        return "_".join([base_of(stmt.array), *parts])

    def forget(self, known: _Known, written: set[str]) -> None:
        if written:
            for array, index in [k for k in known if self.roots.find(k[0]) in written]:
                del known[array, index]
