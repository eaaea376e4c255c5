"""What a branch merges: names that its sides leave with different values and that are read later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adcompile.ir.nodes import Assign, Atom, Call, Const, Expr, If, Merge, Name, Stmt, Tuple
from adcompile.ir.types import Array, Scalar, Type
from adcompile.normal.static import same
from adcompile.normal.variables import (
    REPORTED,
    Absent,
    Undefined,
    Value,
    caster,
    clash,
    converted_constant,
    joined_type,
    missing,
    path_name,
    structure,
    zero,
)

if TYPE_CHECKING:
    from adcompile.normal.ssa import Walk


def branch(walk: Walk, stmt: If) -> None:
    """An `If`: one side where the test is known before the run, else both and their merges."""
    test = walk.x.condition(stmt.test)
    if isinstance(test.expr, Const):
        for inner in stmt.then if test.expr.value else stmt.orelse:
            walk.statement(inner)
        return
    before, classes = walk.env, walk.x.classes
    walk.env, walk.x.classes = dict(before), classes.copy()
    then, after_then = walk.block(stmt.then), walk.env
    walk.env, other, walk.x.classes = dict(before), walk.x.classes, classes
    orelse, after_orelse = walk.block(stmt.orelse), walk.env
    walk.x.classes.join(other)
    walk.at(stmt)
    walk.env = dict(before)
    merging = _Merging(walk, then, orelse)
    for name in walk.order:
        left, right = after_then.get(name), after_orelse.get(name)
        if left is None and right is None:
            continue
        if name not in walk.live[stmt]:
            if before.get(name) != left or before.get(name) != right:
                walk.env[name] = missing(name)
            continue
        sides = (missing(name) if side is None else side for side in (left, right))
        walk.env[name] = merging.value(name, (), *sides)
    if then or orelse or merging.merges:
        walk.b.out.append(
            If(test.expr, tuple(then), tuple(orelse), tuple(merging.merges), span=stmt.span, origin=stmt.origin)
        )


class _Merging:
    def __init__(self, walk: Walk, then: list[Stmt], orelse: list[Stmt]) -> None:
        self.walk = walk
        self.then = then
        self.orelse = orelse
        self.merges: list[Merge] = []

    def value(self, name: str, path: tuple[int, ...], left: Value, right: Value) -> Value:
        """What a variable stands for after the branch."""
        for side in (left, right):
            if side == REPORTED:
                return side
        for side in (left, right):
            if isinstance(side, Absent):
                return missing(name) if side.code == "maybe-undefined" else side
        if isinstance(left, Undefined):
            return self.half_defined(name, path, right, then=False)
        if isinstance(right, Undefined):
            return self.half_defined(name, path, left, then=True)
        assert not isinstance(left, (Absent, Undefined)) and not isinstance(right, (Absent, Undefined))
        if same(left, right):
            return left
        if isinstance(left, Tuple) and isinstance(right, Tuple) and structure(left) == structure(right):
            pairs = enumerate(zip(left.items, right.items, strict=True))
            items = [self.value(name, (*path, k), a, b) for k, (a, b) in pairs]  # type: ignore[arg-type]
            return self.gathered(name, items)
        types = [None if isinstance(side, Tuple) else self.walk.x.typed(side).type for side in (left, right)]
        wanted = None if types[0] is None or types[1] is None else joined_type(types[0], types[1])
        if wanted is None:
            return clash(name, *types)
        return self.merged(name, path, wanted, left, right)

    def gathered(self, name: str, items: list[Value]) -> Value:
        """A tuple of merged items, if each has a value."""
        for item in items:
            if isinstance(item, Absent):
                return item
        return Tuple(tuple(items))  # type: ignore[arg-type]

    def half_defined(self, name: str, path: tuple[int, ...], value: Value, then: bool) -> Value:
        """A variable that one side leaves undefined, where it will not be read."""
        if isinstance(value, (Undefined, Const)):
            return value
        if isinstance(value, Tuple):
            items = [self.half_defined(name, (*path, k), item, then) for k, item in enumerate(value.items)]  # type: ignore[arg-type]
            return self.gathered(name, items)
        assert not isinstance(value, Absent)
        wanted = self.walk.x.typed(value).type
        if isinstance(wanted, Array):
            none = self.placeholder(path_name(name, path), wanted, self.orelse if then else self.then)
            return self.merged(name, path, wanted, *((value, none) if then else (none, value)))
        if not isinstance(wanted, Scalar):
            return missing(name)
        sides = (value, zero(wanted)) if then else (zero(wanted), value)
        return self.merged(name, path, wanted, *sides)

    def placeholder(self, base: str, wanted: Array, out: list[Stmt]) -> Name:
        """An array without elements, where there is none."""
        name = self.walk.b.fresh.fresh(self.walk.b.spare(base))
        self.walk.b.types[name] = wanted
        shape = Const(0) if wanted.ndim == 1 else Tuple((Const(0),) * wanted.ndim)
        extra = () if wanted.dtype == "float64" else (Const(np.dtype(wanted.dtype).type),)
        out.append(Assign(name, Call(np.empty, (shape, *extra))))
        return Name(name)

    def merged(self, name: str, path: tuple[int, ...], wanted: Type, left: Expr, right: Expr) -> Value:
        """A merge of two values, each converted on its own side."""
        base = path_name(name, path)
        sides = atom(self.walk, self.then, base, left, wanted), atom(self.walk, self.orelse, base, right, wanted)
        if sides[0] == sides[1]:
            return sides[0]
        result = self.walk.b.fresh.fresh(self.walk.b.spare(base) if path else base)
        self.walk.b.types[result] = wanted
        self.merges.append(Merge(result, *sides))
        if any(isinstance(side, Name) and side.id in self.walk.frozen for side in sides):
            self.walk.frozen |= {result}
        return Name(result)


def atom(walk: Walk, out: list[Stmt], base: str, value: Expr, wanted: Type) -> Atom:
    """A value as an atom of a type, converted by a statement in `out` where that takes one."""
    found = walk.x.typed(value).type
    if isinstance(value, Const):
        return converted_constant(value, wanted)
    if isinstance(wanted, Scalar) and found != wanted:
        value = Call(caster(wanted), (value,))
    if isinstance(value, Name):
        return value
    assert not isinstance(wanted, Array)
    name = walk.b.fresh.fresh(base)
    walk.b.types[name] = wanted
    out.append(Assign(name, value, span=walk.b.span, origin=walk.b.origin))
    return Name(name)
