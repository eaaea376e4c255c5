"""Each iteration copies the row that it reads into an array of its own.

Goal: where iterations run side by side, elements that they read at one time lie side by side as well; in the array that
they come from they are a row apart.  The copy is an ordinary array of the iteration, which `optimise.abreast` gives an
element for each.  Only rows that are read from end to end are copied.
Non-goals: arrays whose last axis the iterations run over, whose elements lie side by side already.

    for i in range(n):                       for i in range(n):
        s = 0.0                                  x_row = np.empty(x.shape[1])
        for j in range(x.shape[1]):      ->      for j in range(x.shape[1]):
            s = np.sin(s + x[i, j])                  x_row[j] = x[i, j]
        y[i] = s                                 s = 0.0
                                                 for j in range(x.shape[1]):
                                                     s = np.sin(s + x_row[j])
                                                 y[i] = s
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from adcompile.analysis.aliasing import Roots, is_allocation
from adcompile.analysis.effects import written_roots
from adcompile.ir import ops
from adcompile.ir.affine import same_integer
from adcompile.ir.nodes import Assign, Block, Call, Const, Expr, For, Index, Name, Names, Stmt, Store, Tuple
from adcompile.ir.types import INT, Array, Type
from adcompile.ir.walk import expressions, loads, mapped, statements
from adcompile.optimise.rewriting import each_expression

_Row = tuple[str, tuple[Expr | None, ...]]  # an array, and for each axis a constant, the loop's index, or every element


def with_rows(
    loop: For, known: Roots, types: dict[str, Type], fresh: Names, source: Callable[[Expr], Expr]
) -> For:  # fmt: skip
    """`loop` with the rows that it reads copied first."""
    made = {s.target for s in statements(loop.body) if isinstance(s, Assign) and is_allocation(s.value)}
    written = written_roots(loop.body, known)
    index = Name(loop.index)

    def row_of(load: Index) -> _Row | None:
        """The row that an element is read from, if it is one that may be copied."""
        array = load.array
        if not isinstance(array, Name) or known.find(array.id) in written or array.id in made:
            return None
        if load.index.count(index) != 1 or load.index[-1] == index:
            return None
        return array.id, tuple(part if part == index or isinstance(part, Const) else None for part in load.index)

    rows: dict[_Row, str] = {}
    for load, around in _unconditional(loop.body, {}):
        row = row_of(load)
        if row is None or row in rows or None not in row[1]:
            continue
        ends = ((axis, around.get(part)) for axis, part in enumerate(load.index) if row[1][axis] is None)
        if all(inner is not None and _whole(inner, load, axis, types, source) for axis, inner in ends):
            type_ = types[row[0]]
            assert isinstance(type_, Array)
            rows[row] = fresh.fresh(f"{row[0]}_row")
            types[rows[row]] = Array(type_.dtype, row[1].count(None))

    def read(expr: Expr) -> Expr:
        def one(node: Expr) -> Expr:
            if isinstance(node, Index) and (row := row_of(node)) in rows:
                assert row is not None
                parts = zip(row[1], node.index, strict=True)
                return Index(Name(rows[row]), tuple(part for kept, part in parts if kept is None))
            return node

        return mapped(expr, one)

    if not rows:
        return loop
    body = each_expression(loop.body, read)
    copies = tuple(stmt for row, name in rows.items() for stmt in _copied(row, name, types, fresh))
    return replace(loop, body=(*copies, *body))


def copies_row(stmt: Stmt, index: str) -> bool:
    """Whether a loop does nothing but copy a row of the iteration `index`, whose elements lie side by side."""
    while isinstance(stmt, For) and len(stmt.body) == 1 and not stmt.carried:
        stmt = stmt.body[0]
    return isinstance(stmt, Store) and isinstance(stmt.value, Index) and Name(index) in stmt.value.index[:-1]


def _unconditional(block: Block, around: dict[Expr, For]) -> Iterator[tuple[Index, dict[Expr, For]]]:
    """The elements that are read under no condition, with the loops around each by their indices."""
    for stmt in block:
        if isinstance(stmt, For):
            yield from _unconditional(stmt.body, {**around, Name(stmt.index): stmt})
        else:
            for expr in expressions(stmt):
                yield from ((load, around) for load in loads(expr))


def _whole(inner: For, load: Index, axis: int, types: dict[str, Type], source: Callable[[Expr], Expr]) -> bool:
    """Whether a loop runs over an axis from its begin to its end."""
    length = Call(ops.dim, (load.array, Const(axis)))
    if inner.step != Const(1) or inner.start != Const(0):
        return False
    return same_integer(source(inner.stop), source(length), types)


def _copied(row: _Row, name: str, types: dict[str, Type], fresh: Names) -> list[Stmt]:
    array, parts = row
    type_ = types[name]
    assert isinstance(type_, Array)
    axes = [axis for axis, part in enumerate(parts) if part is None]
    shape = tuple(Call(ops.dim, (Name(array), Const(axis))) for axis in axes)
    indices = {axis: Name(fresh.fresh("j")) for axis in axes}
    types.update((index.id, INT) for index in indices.values())
    dtype = () if type_.dtype == "float64" else (Const(np.dtype(type_.dtype).type),)
    made = Call(np.empty, (shape[0] if len(shape) == 1 else Tuple(shape), *dtype))
    element = tuple(indices[axis] if part is None else part for axis, part in enumerate(parts))
    copy: Stmt = Store(name, tuple(indices.values()), Index(Name(array), element))
    for axis, length in reversed(list(zip(axes, shape, strict=True))):
        copy = For(indices[axis].id, Const(0), length, Const(1), (copy,))
    return [Assign(name, made), copy]
