"""The first addition to an element of a fresh array of zeros is a store, and what is read of one never written is 0.0.

Goal: an array that one loop fills, an element an iteration, is stored to instead of added to; where the loop reaches
every element, the array need not be zeros before.  Then `scalarise` may do without the array.  Of an array that stays
zero nothing is read.

Non-goals: arrays that several loops touch (after `fuse`), or that are touched under a branch first.

    x_bar = np.zeros_like(x)               x_bar = np.empty_like(x)
    for i in range(x.shape[0]):     ->     for i in range(x.shape[0]):
        x_bar[i] += 2.0 * x[i]                 x_bar[i] = 2.0 * x[i]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adcompile.analysis.aliasing import Roots, is_allocation, roots
from adcompile.analysis.effects import SHAPE_ONLY, written_roots
from adcompile.analysis.subscripts import accesses, common_places, line_accesses
from adcompile.ir import ops
from adcompile.ir.affine import same_integer
from adcompile.ir.nodes import Accum, Assign, Block, Call, Const, Expr, For, Function, Index, Name, Stmt, Store
from adcompile.ir.types import Type
from adcompile.ir.walk import children, expressions, mapped, names, nodes, statements, with_blocks
from adcompile.optimise.rewriting import each_block, each_expression, lengths, made_length, with_body
from adcompile.runtime import check_same_shape

_LIKE = (np.zeros_like, np.empty_like, ops.copy)
_UNFILLED: dict[Callable[..., Any], Callable[..., Any]] = {np.zeros: np.empty, np.zeros_like: np.empty_like}


def zeros(function: Function, but: Collection[str] = ()) -> Function:
    """`function` with first additions to fresh zeros made stores, except in the arrays `but`."""
    finder = _Finder(function, but)
    body = each_block(function.body, finder.block)
    return with_body(function, _without_loads(body, _never_written(function, finder.roots) - set(but)))


def _never_written(function: Function, found: Roots) -> set[str]:
    """Arrays of zeros that have one name, are stored to nowhere, and are given to no call.

    Nor are they of a length of their own, or like an array that is: it may be negative, which is an error to keep."""
    made = set[str]()
    computed = set[str]()
    for stmt in statements(function.body):
        if isinstance(stmt, Assign) and isinstance(stmt.value, Call):
            own = stmt.value.fn not in _LIKE or not computed.isdisjoint(names(stmt.value.args[0]))
            if own and is_allocation(stmt.value):
                computed.add(stmt.target)
            elif not own and stmt.value.fn is np.zeros_like:
                made.add(stmt.target)
    if made:
        called = Counter(map(found.find, function.types))
        made = {name for name in made if found.find(name) == name and called[name] == 1}
        made -= written_roots(function.body, found)
        read = {name for stmt in statements(function.body) for expr in expressions(stmt) for name in _whole(expr)}
        made -= read
    return made


def _whole(expr: Expr) -> Iterator[str]:
    """Names that an expression has for more than their elements and their shapes."""
    match expr:
        case Name(name):
            yield name
        case Call(fn) if fn is check_same_shape:
            return
        case Call(fn, (Name(), *more)) if fn in SHAPE_ONLY:
            for part in more:
                yield from _whole(part)
        case Index(_, index):
            for part in index:
                yield from _whole(part)
        case _:
            for part in children(expr):
                yield from _whole(part)


def _without_loads(block: Block, arrays: set[str]) -> Block:
    if not arrays:
        return block

    def zero(expr: Expr) -> Expr:
        return Const(0.0) if isinstance(expr, Index) and expr.array.id in arrays else expr  # type: ignore[union-attr]

    return each_expression(block, lambda expr: mapped(expr, zero))


@dataclass(frozen=True)
class _Fill:
    """A statement that fills an array: the subscript of its first store, and the loops around that, outermost first."""

    stmt: Stmt
    index: tuple[Expr, ...]
    loops: tuple[For, ...]


class _Finder:
    def __init__(self, function: Function, but: Collection[str]) -> None:
        self.but = but
        self.types: Mapping[str, Type] = function.types
        self.source = lengths(function)
        self.roots: Roots = roots(function)
        self.touched: dict[Stmt, set[str]] = {}

    def block(self, block: Block) -> Block:
        result = list(block)
        for position, stmt in enumerate(result):
            if not isinstance(stmt, Assign) or stmt.target in self.but:
                continue
            if isinstance(stmt.value, Call) and stmt.value.fn in _UNFILLED:
                self.filled(result, position, stmt)
        return tuple(result)

    def touches(self, stmt: Stmt, root: str) -> bool:
        if stmt not in self.touched:
            within = (name for inner in statements((stmt,)) for name, _ in line_accesses(inner))
            self.touched[stmt] = set(map(self.roots.find, within))
        return root in self.touched[stmt]

    def filled(self, block: list[Stmt], position: int, made: Assign) -> None:
        """Change the first statement behind an allocation that touches the array, in place."""
        assert isinstance(made.value, Call)
        root = self.roots.find(made.target)
        for k in range(position + 1, len(block)):
            stmt = block[k]
            if self.touches(stmt, root):
                if root == made.target and isinstance(stmt, For):
                    fill = self.stored(stmt, root)
                    if fill is not None:
                        block[k] = fill.stmt
                        if self.covered(made.value, fill):
                            block[position] = replace(made, value=replace(made.value, fn=_UNFILLED[made.value.fn]))
                return

    def stored(self, stmt: Stmt, root: str) -> _Fill | None:
        """A statement that finds zeros in all it touches, with its first addition made a store."""
        if isinstance(stmt, (Store, Accum)):
            if [access.kind for access in accesses((stmt,), root, self.roots)] not in (["add"], ["store"]):
                return None
            store = Store(stmt.array, stmt.index, stmt.value, span=stmt.span, origin=stmt.origin)
            return _Fill(stmt if isinstance(stmt, Store) else store, stmt.index, ())
        if not isinstance(stmt, For):
            return None
        touched = [(access, stmt) for access in accesses((stmt,), root, self.roots)]
        if not common_places(touched, self.types):
            return None
        position = next(k for k, inner in enumerate(stmt.body) if self.touches(inner, root))
        fill = self.stored(stmt.body[position], root)
        if fill is None:
            return None
        loop = with_blocks(stmt, ((*stmt.body[:position], fill.stmt, *stmt.body[position + 1 :]),))
        return _Fill(stmt if fill.stmt is stmt.body[position] else loop, fill.index, (stmt, *fill.loops))

    def covered(self, made: Call, fill: _Fill) -> bool:
        """Whether every element is stored to: each axis is run by a loop of its own, from end to end."""
        if any(isinstance(node, Index) for node in nodes(made)) or len(fill.loops) != len(fill.index):
            return False
        runs = {loop.index: loop for loop in fill.loops}
        names = [part.id if isinstance(part, Name) else "" for part in fill.index]
        return set(names) == set(runs) and all(self.reached(made, k, runs[name]) for k, name in enumerate(names))

    def reached(self, made: Call, axis: int, loop: For) -> bool:
        """Whether a loop runs over a whole axis of an array."""
        length = self.source(made_length(made, axis))
        last = Call(np.subtract, (length, Const(1)))
        start, stop = self.source(loop.start), self.source(loop.stop)
        up = loop.step == Const(1) and start == Const(0) and same_integer(stop, length, self.types)
        down = loop.step == Const(-1) and stop == Const(-1) and same_integer(start, last, self.types)
        return up or down
