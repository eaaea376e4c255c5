"""An array that is made to be copied into a row is made in that row.

Goal: a Jacobian by rows without an array for each of them (two rows of 15: 130 ns for 155).  The array's elements are
those of the row from the start; what copied them goes.

Legal where the copy is of all elements, and nothing else touches the row from where the array is made until then, nor
the array after.  The row may be one of an array that the caller gives (`check_out`).
Non-goals: rows whose number is not known; arrays of more than one axis; arrays with other names.

    a = np.zeros_like(x)                       for i in range(x.shape[0]):
    a[3] += c                                      m[0, i] = 0.0
    for i in range(x.shape[0]):        ->      m[0, 3] += c
        m[0, i] = a[i]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from adcompile import memory
from adcompile.analysis.aliasing import is_allocation, roots
from adcompile.analysis.subscripts import line_accesses
from adcompile.ir import ops
from adcompile.ir.affine import same_integer
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Call,
    Const,
    Effect,
    Expr,
    For,
    Function,
    Index,
    Name,
    Names,
    Stmt,
    Store,
    Tuple,
)
from adcompile.ir.types import INT, Array, Type
from adcompile.ir.walk import blocks, core_names, expressions, mapped, nodes, statements, with_blocks, with_expressions
from adcompile.optimise.rewriting import each_block, lengths, made_length, with_body

_FILLED = (np.zeros, np.zeros_like)
_UNFILLED = (np.empty, np.empty_like)
_LIKE = (np.empty_like, np.zeros_like)


def rows(function: Function) -> Function:
    """`function` with arrays that are copied into rows made there."""
    while True:  # each time one array less
        builder = _Builder(function)
        body = each_block(function.body, builder.block) if builder.may else function.body
        if not builder.done:
            return function
        function = with_body(function, body, builder.types)


@dataclass(frozen=True, slots=True)
class _Row:
    """Part of an array: all of one axis, and one place on each of the others."""

    array: str
    axis: int
    index: tuple[Expr, ...]

    def at(self, part: Expr) -> tuple[Expr, ...]:
        return (*self.index[: self.axis], part, *self.index[self.axis + 1 :])

    def avoided_by(self, index: tuple[Expr, ...] | None) -> bool:
        """Whether a subscript surely touches no element of it."""
        if index is None or len(index) != len(self.index):
            return False
        pairs = ((a, b) for k, (a, b) in enumerate(zip(index, self.index, strict=True)) if k != self.axis)
        return any(isinstance(a, Const) and a.value >= 0 and a != b for a, b in pairs)


class _Builder:
    def __init__(self, function: Function) -> None:
        self.types: dict[str, Type] = dict(function.types)
        self.names = Names(core_names(function))
        self.source = lengths(function)
        self.roots = roots(function)
        others = [name for name in function.types if self.roots.find(name) != name]
        self.joined = {alias for name in others for alias in (name, self.roots.find(name))}
        self.made: Mapping[str, Call] = {
            stmt.target: stmt.value
            for stmt in statements(function.body)
            if isinstance(stmt, Assign) and isinstance(stmt.value, Call) and is_allocation(stmt.value)
        }
        self.done = False
        self.filled = {**self.made, **_given(function)}
        like = (call.args[0] for stmt in statements(function.body) for call in _calls(stmt) if call.fn in _LIKE)
        models = {array.id for array in like if isinstance(array, Name)}
        self.may = {name for name in self.made if self.may_be_a_row(name)} - models
        self.touching: dict[str, list[tuple[Stmt, tuple[Expr, ...] | None]]] = {}
        for stmt in statements(function.body):
            for name, access in line_accesses(stmt):
                self.touching.setdefault(name, []).append((stmt, access.index))

    def block(self, block: Block) -> Block:
        for position, stmt in enumerate(block):
            if not self.done and isinstance(stmt, Assign) and stmt.target in self.may:
                found = self.copied(stmt, block, position)
                if found is not None:
                    self.done = True
                    return self.in_place(stmt, block, position, *found)
        return block

    # ------------------------------------------------------------------------------------ what may be
    def may_be_a_row(self, array: str) -> bool:
        made, type_ = self.made[array], self.types.get(array)
        if made.fn not in (*_FILLED, *_UNFILLED) or array in self.joined:
            return False
        return isinstance(type_, Array) and type_.ndim == 1 and not any(isinstance(n, Index) for n in nodes(made))

    def copied(self, made: Assign, block: Block, position: int) -> tuple[For, Store, _Row] | None:
        """The loop that copies an array into a row, if that is the last that becomes of it."""
        touched = self.touching.get(made.target, [])
        if any(index is None for _, index in touched):
            return None
        behind = block[position + 1 :]
        inside = {inner: k for k, stmt in enumerate(behind) for inner in statements((stmt,))}
        if any(stmt not in inside for stmt, _ in touched) or not touched:
            return None
        last = max(inside[stmt] for stmt, _ in touched)
        loop = behind[last]
        if not isinstance(loop, For) or [inside[stmt] for stmt, _ in touched].count(last) != 1:
            return None
        for stmt in loop.body:
            row = self.row(stmt, made, loop)
            if row is not None and self.free(row, behind[: last + 1], stmt):
                assert isinstance(stmt, Store)
                return loop, stmt, row
        return None

    def row(self, stmt: Stmt, made: Assign, loop: For) -> _Row | None:
        """The row of which a statement stores an element, if that is all that a loop copies of an array."""
        at = Name(loop.index)
        if not isinstance(stmt, Store) or stmt.value != Index(Name(made.target), (at,)) or stmt.index.count(at) != 1:
            return None
        row = _Row(stmt.array, stmt.index.index(at), stmt.index)
        other = self.filled.get(row.array)
        if other is None or row.array in self.joined or other.fn not in (*_FILLED, *_UNFILLED):
            return None
        one, two = self.types[row.array], self.types[made.target]
        assert isinstance(one, Array) and isinstance(two, Array) and isinstance(made.value, Call)
        if one.dtype != two.dtype or (loop.start, loop.step) != (Const(0), Const(1)) or loop.parallel:
            return None
        length = self.source(made_length(made.value, 0))
        if not all(
            same_integer(self.source(end), length, self.types) for end in (loop.stop, made_length(other, row.axis))
        ):
            return None
        for axis, part in enumerate(row.index):
            if axis != row.axis:
                end = self.source(made_length(other, axis))
                if not (isinstance(part, Const) and isinstance(end, Const) and 0 <= part.value < end.value):
                    return None
        return row

    def free(self, row: _Row, between: Block, copy: Stmt) -> bool:
        """Whether the row is there already, and nothing but the copy touches it."""
        inside = set(statements(between))
        if any(isinstance(stmt, Assign) and stmt.target == row.array for stmt in inside):
            return False
        return all(stmt is copy or row.avoided_by(index) for stmt, index in self.touching[row.array] if stmt in inside)

    # ------------------------------------------------------------------------------------ the change
    def in_place(self, made: Assign, block: Block, position: int, loop: For, copy: Store, row: _Row) -> Block:
        assert isinstance(made.value, Call)
        length = made_length(made.value, 0)
        out = list(block[:position])
        if made.value.fn in _FILLED:
            index = self.names.fresh("i")
            self.types[index] = INT
            zero = Store(row.array, row.at(Name(index)), Const(0.0), span=made.span, origin=made.origin)
            out.append(For(index, Const(0), length, Const(1), (zero,)))
        for stmt in block[position + 1 :]:
            if stmt is loop:
                rest = tuple(inner for inner in loop.body if inner is not copy)
                if rest or loop.carried:
                    out.append(replace(loop, body=rest))
            else:
                out.append(self.moved(stmt, made.target, row, length))
        return tuple(out)

    def moved(self, stmt: Stmt, array: str, row: _Row, length: Expr) -> Stmt:
        """A statement that touches the row where it touched the array."""

        def one(expr: Expr) -> Expr:
            match expr:
                case Index(Name(name), (part,)) if name == array:
                    return Index(Name(row.array), row.at(part))
                case Call(ops.dim, (Name(name), _)) if name == array:
                    return length
            return expr

        new = with_expressions(stmt, [mapped(expr, one) for expr in expressions(stmt)])
        if isinstance(new, (Store, Accum)) and new.array == array:
            new = replace(new, array=row.array, index=row.at(new.index[0]))
        return with_blocks(new, [tuple(self.moved(s, array, row, length) for s in inner) for inner in blocks(new)])


def _given(function: Function) -> dict[str, Call]:
    """The arrays that a caller gives for a result, as if they were made here: they have their shape, and lie where
    nothing else does, or are refused before anything is written."""
    given: dict[str, Call] = {}
    for stmt in function.body:
        match stmt:
            case Effect(Call(check_out, (Name(array), Tuple() as shape, *_))) if check_out is memory.check_out:
                given[array] = Call(np.empty, (shape,))
    return given


def _calls(stmt: Stmt) -> list[Call]:
    return [node for expr in expressions(stmt) for node in nodes(expr) if isinstance(node, Call)]
