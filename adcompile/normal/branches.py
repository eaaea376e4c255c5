"""What a branch merges: names that its sides leave with different values and that are read later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from adcompile.analysis.liveness import Live, targets
from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Atom, Block, Call, Const, Expr, If, Merge, Name, Return, Stmt, Tuple
from adcompile.ir.types import INT, Array, Scalar, Static, Type
from adcompile.ir.walk import statements, uses
from adcompile.normal.codes import NUMBER, Coding, coded, decided, joined_coding
from adcompile.normal.number_classes import NumberClasses
from adcompile.normal.static import same
from adcompile.normal.variables import (
    REPORTED,
    UNDEFINED,
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

_MOST_DOUBLED = 4  # branches in each other that what follows stands on both sides of


def branch(walk: Walk, stmt: If, unless: Block = ()) -> None:
    """An `If`: one side where the test is known before the run, else both and their merges.

    What follows in its block stands on both sides, as long as a variable is of one kind on one side and of another on
    the other.  Where that has no meaning on the second side, this does `unless` instead, if that is anything."""
    test = walk.x.condition(stmt.test)
    codes = walk.x.codes
    if isinstance(test.expr, Const) or test.expr in codes.facts:
        holds = test.expr.value if isinstance(test.expr, Const) else codes.facts[test.expr]
        for inner in stmt.then if holds else stmt.orelse:
            walk.statement(inner)
        return
    before, outside, classes = walk.env, codes.facts, walk.x.classes
    sides: list[_Side] = []
    for number, block in enumerate((stmt.then, stmt.orelse)):
        walk.env, walk.x.classes = dict(before), classes.copy()
        new = {expr: holds for expr, holds in decided(test.expr, not number).items() if _stays(walk, expr)}
        codes.facts = {**outside, **new}
        sides.append(_Side(walk.block(block), walk.env, codes.facts, walk.x.classes))
    live = _on_both_sides(walk, stmt, sides, unless)
    codes.facts, walk.x.classes = outside, sides[1].classes
    walk.x.classes.join(sides[0].classes)
    walk.at(stmt)
    walk.env = dict(before)
    then, orelse = sides[0].out, sides[1].out
    merging = _Merging(walk, then, orelse)
    for name in walk.order:
        left, right = sides[0].env.get(name), sides[1].env.get(name)
        if left is None and right is None:
            continue
        if name not in live:
            if before.get(name) != left or before.get(name) != right:
                walk.env[name] = missing(name)
            continue
        walk.env[name] = merging.value(name, (), *(missing(name) if side is None else side for side in (left, right)))
    if then or orelse or merging.merges:
        walk.b.out.append(
            If(test.expr, tuple(then), tuple(orelse), tuple(merging.merges), span=stmt.span, origin=stmt.origin)
        )


@dataclass
class _Side:
    """What one side of a branch does, what variables stand for at its end, and what is known on it."""

    out: list[Stmt]
    env: dict[str, Value]
    facts: Mapping[Expr, bool]
    classes: NumberClasses


def _on_both_sides(walk: Walk, stmt: If, sides: list[_Side], unless: Block) -> Live:
    """Writes what follows a branch on both of its sides, while a variable that lives on is of two kinds; what lives on
    after that."""
    live = walk.live[stmt]
    while apart := {n for n in live if n in sides[0].env and n in sides[1].env and _apart(walk, n, sides)}:
        used = [k for k, after in enumerate(walk.following) if not apart.isdisjoint(_mentioned(after))]
        if not used or walk.doubled >= _MOST_DOUBLED:  # nothing that follows here uses it
            _instead(walk, sides, apart, unless)
            return live
        tail = list(walk.following[: used[-1] + 1])
        rest = walk.following[used[-1] + 1 :]
        if isinstance(last := tail[-1], Return):
            if isinstance(last.value, Name) and last.value.id in apart:  # the result itself is of two kinds
                _instead(walk, sides, apart, unless)
                return live
            tail[-1], result = walk.named(last)
            rest = [result]
        refused, unsaid, frozen = len(walk.refusals), walk.unsaid, walk.frozen
        new: list[_Side] = []
        walk.doubled += 1
        for side in sides:
            walk.env, walk.x.codes.facts, walk.x.classes = dict(side.env), side.facts, side.classes.copy()
            out = walk.block(tail)
            if (refused, unsaid) != (len(walk.refusals), walk.unsaid) and unless and new:
                del walk.refusals[refused:]
                walk.unsaid, walk.frozen = unsaid, frozen
                walk.env = {**side.env, **dict.fromkeys(targets(tail), UNDEFINED)}
                out = walk.block(unless)
            new.append(_Side(side.out + out, walk.env, side.facts, walk.x.classes))
        walk.doubled -= 1
        if (refused, unsaid) != (len(walk.refusals), walk.unsaid):
            del walk.refusals[refused:]
            walk.unsaid, walk.frozen = unsaid, frozen
            return live
        sides[:] = new
        walk.following[:] = rest
        live = walk.live[tail[-1]]
    return live


def _instead(walk: Walk, sides: list[_Side], apart: set[str], unless: Block) -> None:
    """The second side ends by `unless`, if that is anything: some variables have no value behind it."""
    if unless:
        walk.env = {**sides[1].env, **dict.fromkeys(apart, UNDEFINED)}
        sides[1] = _Side(sides[1].out + walk.block(unless), walk.env, sides[1].facts, sides[1].classes)


def _stays(walk: Walk, test: Expr) -> bool:
    """Whether a test is of numbers that have names and of lengths, which nothing changes."""
    match test:
        case Name(name):
            return isinstance(walk.b.types[name], Scalar)
        case Call(fn, args) if isinstance(fn, np.ufunc):
            return all(_stays(walk, arg) for arg in args)
    return isinstance(test, Const) or (isinstance(test, Call) and test.fn is ops.dim)


def _mentioned(stmt: Stmt) -> set[str]:
    return {name for inner in statements((stmt,)) for name in uses(inner)}


def _apart(walk: Walk, name: str, sides: Sequence[_Side]) -> bool:
    """Whether no variable holds what this one stands for at the ends of both sides."""

    def differ(left: Value, right: Value) -> bool:
        if any(isinstance(side, (Absent, Undefined)) for side in (left, right)) or same(left, right):  # type: ignore[arg-type]
            return False
        if isinstance(left, Tuple) and isinstance(right, Tuple) and structure(left) == structure(right):
            return any(map(differ, left.items, right.items))  # type: ignore[arg-type]
        if isinstance(left, Tuple) or isinstance(right, Tuple):
            return True
        types = [walk.x.typed(side).type for side in (left, right)]  # type: ignore[arg-type]
        return joined_type(*types) is None and joined_coding(*types) is None

    return differ(*(side.env[name] for side in sides))


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
        if wanted is None and types[0] is not None and types[1] is not None:
            wanted = joined_coding(types[0], types[1])
        if wanted is None:
            return clash(name, *types)
        if isinstance(wanted, Static):
            return self.coded(name, path, wanted, left, right)
        return self.merged(name, path, wanted, left, right)

    def coded(self, name: str, path: tuple[int, ...], wanted: Static, left: Expr, right: Expr) -> Value:
        """A merge of two values that codes tell apart."""
        assert isinstance(wanted.value, Coding)
        base, x = path_name(name, path), self.walk.x
        one, other = (x.codes.parts(x.typed(side), wanted.value) for side in (left, right))
        code = self.merged(self.walk.b.spare(f"{base}_is"), (), INT, one[0].expr, other[0].expr)
        number: Value = Const(None)
        if wanted.value.number is not None:
            number = self.merged(name, path, wanted.value.number, one[1].expr, other[1].expr)
        return coded(code, number)  # type: ignore[arg-type,return-value]

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
            empty = self.placeholder(path_name(name, path), wanted, self.orelse if then else self.then)
            return self.merged(name, path, wanted, *((value, empty) if then else (empty, value)))
        if isinstance(wanted, Static) and isinstance(wanted.value, Coding):
            number = wanted.value.number
            none = coded(Const(NUMBER), zero(number) if number is not None else Const(None))
            return self.coded(name, path, wanted, *((value, none) if then else (none, value)))
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
