"""Dead code: what no returned value depends on goes.

Goal: assignments never read, stores to arrays whose contents nobody reads, loops and branches with nothing left in
them, carried and merged values without a use.  The shape of an array keeps the array, not its contents: a shape that
is known from where the array was made is asked there, so that the array itself can go.

Non-goals: single stores that a later store hides (`dead_stores`), values that are the same twice (`cse`).

What may raise, and what draws random numbers, stays.  A parameter is like any other array: what is stored to it counts
only if it is read, since the transforms copy the parameters that they let be written.

>>> from adcompile.ir.nodes import Const, Name
>>> from adcompile.ir.types import FLOAT
>>> body = (Assign("a", Const(1.0)), Assign("b", Const(2.0)), Return(Name("b")))
>>> [s.target for s in dce(Function("f", (), body, {"a": FLOAT, "b": FLOAT})).body[:-1]]
['b']
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from adcompile.analysis.aliasing import Roots, roots
from adcompile.analysis.effects import SHAPE_ONLY, has_effect
from adcompile.fourier import TRANSFORMS
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Call,
    Carry,
    Const,
    Effect,
    Expr,
    For,
    Function,
    If,
    Index,
    Merge,
    Name,
    Return,
    Stmt,
    Store,
    Tuple,
    While,
)
from adcompile.ir.types import Array
from adcompile.ir.walk import blocks, children, expressions, mapped, nodes, statements, with_blocks, written
from adcompile.optimise.rewriting import each_expression, same, with_body
from adcompile.runtime import check_equal

_MADE_LIKE = (np.empty_like, np.zeros_like, ops.copy, *TRANSFORMS)
_MADE_BY_SHAPE = (np.empty, np.zeros)


def dce(function: Function) -> Function:
    """`function` without what no returned value depends on."""
    function = _with_shapes_asked_at_the_source(function)
    live = _Live(function)
    body = each_expression(function.body, live.without_held)
    return with_body(function, live.kept(body))


# ------------------------------------------------------------------------------------------ shapes
def _makers(function: Function) -> dict[str, Call]:
    """Allocations whose shape can be asked again anywhere the array is in sight (no loads in it).

    The copy that a written parameter gets on entry is asked itself: so it can have the parameter's name.
    """
    copies = written(function.body)
    return {
        stmt.target: stmt.value
        for stmt in statements(function.body)
        if isinstance(stmt, Assign)
        and isinstance(stmt.value, Call)
        and stmt.value.fn in _MADE_LIKE + _MADE_BY_SHAPE
        and not any(isinstance(e, Index) for e in nodes(stmt.value))
        and not (stmt.value.fn is ops.copy and stmt.target in copies and _is_param(stmt.value.args[0], function))
    }


def _is_param(expr: Expr, function: Function) -> bool:
    return isinstance(expr, Name) and expr.id in function.params


def _shape(call: Call) -> tuple[Expr, ...]:
    shape = call.args[0]
    return shape.items if isinstance(shape, Tuple) else (shape,)


def _with_shapes_asked_at_the_source(function: Function) -> Function:
    makers = _makers(function)
    if not makers:
        return function

    def source(name: str) -> str:
        call = makers.get(name)
        if call is not None and call.fn in _MADE_LIKE and isinstance(call.args[0], Name):
            return source(call.args[0].id)
        return name

    def one(expr: Expr) -> Expr:
        match expr:
            case Call(fn, (Name(name), *rest), kwargs) if fn in SHAPE_ONLY:
                above = source(name)
                maker = makers.get(above)
                if fn is ops.dim and maker is not None and maker.fn in _MADE_BY_SHAPE:
                    (axis,) = rest
                    assert isinstance(axis, Const)
                    assert isinstance(axis.value, int)
                    return _shape(maker)[axis.value]
                return expr if above == name else Call(fn, (Name(above), *rest), kwargs)
        return expr

    return with_body(function, each_expression(function.body, lambda e: mapped(e, one)))


# ------------------------------------------------------------------------------------------ liveness
def _always_holds(stmt: Stmt) -> bool:
    """Whether a statement is a check of a length against itself."""
    match stmt:
        case Effect(Call(fn, (left, right))) if fn is check_equal:
            return left == right
    return False


class _Live:
    """The scalars and the roots whose contents count (`names`), and arrays whose shape alone does (`held`)."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.roots: Roots = roots(function)
        self.makers = _makers(function)
        self.names: set[str] = set()
        self.held: set[str] = set()
        while self._mark_block(function.body)[0]:
            pass

    def key(self, name: str) -> str:
        return self.roots.find(name) if isinstance(self.function.types.get(name), Array) else name

    def alive(self, name: str) -> bool:
        return self.key(name) in self.names

    def mark(self, exprs: Iterable[Expr]) -> bool:
        """Mark what expressions read; whether anything was new."""
        changed = False
        for expr in exprs:
            match expr:
                case Name(name):
                    key = self.key(name)
                    changed |= key not in self.names
                    self.names.add(key)
                case Call(fn, (Name(name), *rest)) if fn in SHAPE_ONLY:
                    changed |= self.hold(name)
                    changed |= self.mark(rest)
                case _:
                    changed |= self.mark(children(expr))
        return changed

    def hold(self, name: str) -> bool:
        """Mark the shape of an array; an array that this pass cannot ask elsewhere is marked whole."""
        if self.alive(name) or name in self.held or name in self.function.params:
            return False
        if name not in self.makers:
            return self.mark((Name(name),))
        self.held.add(name)
        self.mark(self._shape_needs(self.makers[name]))
        return True

    def _shape_needs(self, call: Call) -> tuple[Expr, ...]:
        if call.fn in _MADE_LIKE:
            return (Call(np.empty_like, call.args),)
        return _shape(call)

    def _mark_block(self, block: Block) -> tuple[bool, bool]:
        """Mark what a block needs; whether anything was new, and whether anything of the block stays."""
        changed = stays = False
        for stmt in reversed(block):  # what a statement needs stands before it
            new, kept = self._mark_statement(stmt)
            changed |= new
            stays |= kept
        return changed, stays

    def _mark_statement(self, stmt: Stmt) -> tuple[bool, bool]:
        if _always_holds(stmt):
            return False, False
        changed, stays = self._mark_results(stmt)
        inside = [self._mark_block(block) for block in blocks(stmt)]
        stays = stays or any(kept for _, kept in inside) or has_effect(stmt)
        match stmt:
            case Assign():
                stays = stays or self.alive(stmt.target)
            case Store() | Accum():
                stays = stays or self.alive(stmt.array)
            case For() | While():
                changed |= self._mark_results(stmt)[0]
            case Return() | Effect():
                stays = True
        if stays:
            changed |= self.mark(expressions(stmt))
        return changed or any(new for new, _ in inside), stays

    def _mark_results(self, stmt: Stmt) -> tuple[bool, bool]:
        """Mark what the carried and merged values that are needed come from; whether anything was new, and whether one
        of them is needed after the statement."""
        changed = stays = False
        match stmt:
            case For() | While():
                for carry in stmt.carried:
                    if self.alive(carry.inner) or self.alive(carry.result):
                        changed |= self.mark((Name(carry.inner), carry.init, carry.yielded))
                        stays = stays or self.alive(carry.result)
            case If():
                for merge in stmt.merges:
                    if self.alive(merge.result):
                        changed |= self.mark((merge.then, merge.orelse))
                        stays = True
        return changed, stays

    # ------------------------------------------------------------------ what is left
    def without_held(self, expr: Expr) -> Expr:
        """`zeros_like(y)`, where `y` itself is dead, by the shape that `y` was made with."""
        match expr:
            case Call(np.zeros_like | np.empty_like as fn, (Name(name), *dtype), ()) if (
                name in self.held and not self.alive(name)
            ):
                maker = self.makers[name]
                args = (maker.args[0], *dtype) if dtype else maker.args
                return Call(np.zeros if fn is np.zeros_like else np.empty, args, maker.kwargs)
        return expr

    def kept(self, block: Block) -> Block:
        new = tuple(self._kept(stmt) for stmt in block if self._stays(stmt))
        return block if same(new, block) else new

    def _stays(self, stmt: Stmt) -> bool:
        if _always_holds(stmt):
            return False
        match stmt:
            case Assign():
                return self.alive(stmt.target) or has_effect(stmt)
            case Store() | Accum():
                return self.alive(stmt.array) or has_effect(stmt)
            case For() | While() | If():
                results = stmt.merges if isinstance(stmt, If) else stmt.carried
                inside = any(self._stays(s) for block in blocks(stmt) for s in block)
                return inside or any(self.alive(r.result) for r in results) or has_effect(stmt)
        return True

    def _kept(self, stmt: Stmt) -> Stmt:
        stmt = with_blocks(stmt, [self.kept(block) for block in blocks(stmt)])
        match stmt:
            case For() | While():
                carried = tuple(filter(self._carries, stmt.carried))
                return stmt if len(carried) == len(stmt.carried) else replace(stmt, carried=carried)
            case If():
                merges = tuple(filter(self._merges, stmt.merges))
                return stmt if len(merges) == len(stmt.merges) else replace(stmt, merges=merges)
        return stmt

    def _carries(self, carry: Carry) -> bool:
        return self.alive(carry.inner) or self.alive(carry.result)

    def _merges(self, merge: Merge) -> bool:
        return self.alive(merge.result)
