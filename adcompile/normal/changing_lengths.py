"""Which of the arrays that loops carry are of another length in each iteration.

Goal: `V = V[1:] + V[:-1]` in a loop is found, and how long `V` is next, in terms of how long it is now.  Non-goals:
arrays whose lengths may well stay as they are (`u = step(u)`); for the others there is `rooms`.

>>> from adcompile.ir.nodes import Return
>>> more = Call(np.add, (Call(ops.dim, (Name("v.1"), Const(0))), Const(1)))
>>> body = (Assign("v.2", Call(np.empty, (more,))),)
>>> loop = For("k", Const(0), Name("n"), Const(1), body, (Carry("v.1", Name("v"), Name("v.2"), "v.3"),))
>>> types = {name: Array("float64", 1) for name in ("v", "v.1", "v.2", "v.3")} | {"n": INT, "k": INT}
>>> changes = changing(Function("f", ("v", "n"), (loop, Return(Name("v.3"))), types))
>>> changes == {"v.1": (Next(more, longer=True),)}
True
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

import numpy as np

from adcompile import runtime
from adcompile.ir import ops
from adcompile.ir.affine import affine
from adcompile.ir.nodes import Assign, Call, Carry, Const, Expr, For, Function, If, Name, Tuple, While
from adcompile.ir.types import INT, Array
from adcompile.ir.walk import binds, defines, mapped, nodes, statements
from adcompile.normal.elements import INTEGERS

_LARGEST = 200  # nodes of a length that is looked into


@dataclass(frozen=True, slots=True)
class Next:
    """How long an axis is in the next iteration, in terms of what is there in this one; whether that may be longer."""

    length: Expr
    longer: bool


def changing(core: Function) -> Mapping[str, tuple[Next, ...]]:
    """The arrays that loops carry, by their inner names, whose lengths depend on the iteration; each axis."""
    lengths = _Lengths(core)
    loops = [s for s in statements(core.body) if isinstance(s, (For, While))]
    carried = [(c, s) for s in loops for c in s.carried if isinstance(core.types[c.inner], Array)]
    known: object = None
    while known != (known := (set(lengths.changing), dict(lengths.of_another))):  # one changes with another
        for carry, loop in carried:
            if axes := lengths.next(carry, loop):
                lengths.changing[carry.inner] = axes
    return lengths.changing


class _Lengths:
    def __init__(self, core: Function) -> None:
        self.types = core.types
        self.changing: dict[str, tuple[Next, ...]] = {}
        self.of_another: dict[str, frozenset[tuple[str, bool]]] = {}  # whose lengths they have, and if with a change
        self.names: dict[For | While, Set[str]] = {}
        self.values: dict[str, Expr] = {}
        self.carried: dict[str, str] = {}  # the inner name of what a loop gives
        self.either: dict[str, tuple[Expr, ...]] = {}  # what a name that a branch or a loop gives may stand for
        for stmt in statements(core.body):
            match stmt:
                case Assign(target, value):
                    self.values[target] = value
                case If():
                    self.either |= {m.result: (m.then, m.orelse) for m in stmt.merges}
                case For() | While():
                    self.either |= {c.result: (c.init,) for c in stmt.carried}
                    self.carried |= {c.result: c.inner for c in stmt.carried}

    def next(self, carry: Carry, loop: For | While) -> tuple[Next, ...]:
        """How long the axes of what a loop carries are next; nothing where that is no change."""
        inside = self.inside(loop)
        type_ = self.types[carry.inner]
        assert isinstance(type_, Array)
        axes: list[Next] = []
        change = False
        for axis in range(type_.ndim):
            own = Call(ops.dim, (Name(carry.inner), Const(axis)))
            several = [self.expanded(length, inside, {}) for length in self.lengths(carry.yielded, axis)]
            parts = [mapped(part, _no_clip) for length in several for part in _parts(length)]
            change = change or any(self.differs(part, own, inside) for part in parts)
            axes.append(Next(several[0], any(_longer(part, own, loop) for part in parts) or len(several) > 1))
            self.of_another[carry.inner] = self.of_another.get(carry.inner, frozenset()) | {
                (n.args[0].id, n != part)
                for part in parts
                for n in nodes(part)
                if isinstance(n, Call) and n.fn is ops.dim and isinstance(n.args[0], Name)
            }
        return tuple(axes) if change or self.round_about(carry.inner) else ()

    def inside(self, loop: For | While) -> Set[str]:
        """The names that only the loop knows."""
        if loop not in self.names:
            made = {n for s in statements(loop.body) for n in (*defines(s), *binds(s))}
            self.names[loop] = made | set(binds(loop))
        return self.names[loop]

    def round_about(self, name: str) -> bool:
        """Whether arrays that a loop carries take their lengths from each other, and not as they are."""
        seen: set[tuple[str, bool]] = set()
        waiting = [(name, False)]
        while waiting:
            array, changed = waiting.pop()
            found = {(other, changed or new) for other, new in self.of_another.get(array, ())} - seen
            seen |= found
            waiting += found
        return (name, True) in seen

    def lengths(self, array: Expr, axis: int) -> Iterator[Expr]:
        """What an axis of an array may be long."""
        assert isinstance(array, Name)
        if array.id in self.either and self.carried.get(array.id) not in self.changing:
            for one in self.either[array.id]:
                yield from self.lengths(one, axis)
            return
        match self.values.get(array.id):
            case Call(np.empty | np.zeros, (Tuple(dims), *_)):
                yield dims[axis]
            case Call(np.empty | np.zeros, (dim, *_)):
                yield dim
            case Call(fn, (Name() as like, *_)) if fn in (np.empty_like, np.zeros_like, ops.copy):
                yield from self.lengths(like, axis)
            case _:
                yield Call(ops.dim, (array, Const(axis)))

    def expanded(self, length: Expr, inside: Set[str], known: dict[Expr, Expr]) -> Expr:
        """A length in terms of what is there before the loop, and of what the loop alone knows."""

        def change(part: Expr) -> Expr:
            if part in known:
                return known[part]
            new = part
            match part:
                case Name(name) if name in inside and self.types.get(name) == INT and name in self.values:
                    new = self.expanded(self.values[name], inside, known)
                case Call(ops.dim, (Name(name), Const(int(axis)))) if name in inside and name in self.values:
                    several = list(self.lengths(Name(name), axis))
                    if len(several) == 1 and several[0] != part:
                        new = self.expanded(several[0], inside, known)
            if new is not part:
                known[part] = new = new if sum(1 for _ in nodes(new)) < _LARGEST else part
            return new

        return mapped(length, change)

    def differs(self, length: Expr, own: Expr, inside: Set[str]) -> bool:
        """Whether a length changes with the iterations, as far as its text tells."""
        if _more(length, own) == ({}, 0):
            return False
        return any(isinstance(n, Name) and n.id in inside and self.varies(n.id) for n in nodes(length))

    def varies(self, name: str) -> bool:
        """Whether an integer, or how long an array is, may change with the iterations of the loop that binds it."""
        return self.types.get(name) == INT or self.carried.get(name, name) in self.changing


def _more(length: Expr, own: Expr) -> tuple[dict[Expr, int], int]:
    """`length - own`, as terms and a constant."""
    return affine(Call(np.subtract, (length, own)), INTEGERS) or ({length: 1}, 0)


def _longer(length: Expr, own: Expr, loop: For | While) -> bool:
    """Whether a length looks as if it were more each time; what is wrong here costs room or an error, no more."""
    terms, constant = _more(length, own)
    if not terms:
        return constant > 0
    if terms.pop(own, 0) == 0:  # it was there and cancels: something is added
        return True
    counted = 0
    if isinstance(loop, For) and isinstance(loop.step, Const):
        counted = terms.get(Name(loop.index), 0) * loop.step.value
    return counted > 0


def _no_clip(part: Expr) -> Expr:
    match part:
        case Call(fn, (inner, Const(0))) if fn is max:
            return inner
    return part


def _parts(length: Expr) -> Iterator[Expr]:
    """The lengths that are broadcast together to make one."""
    match length:
        case Call(runtime.broadcast_length, (left, right)):
            yield from _parts(left)
            yield from _parts(right)
        case _:
            yield length
